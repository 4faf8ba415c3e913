import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeReport } from '#cli/describe-report.ts';
import { judgeLocal } from '#cli/judge-local.ts';
import { zipFiles } from '#cli/zip-files.ts';

type Layout = Record<string, string | Buffer>;

let folder: string;
let image: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-layouts-'));
  const red = { width: 8, height: 8, channels: 3, background: 'red' } as const;
  image = await sharp({ create: red }).jpeg().toBuffer();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Six images in a folder, numbered from a start. */
const some = (path: string, start = 0, prefix = ''): Layout =>
  Object.fromEntries([0, 1, 2, 3, 4, 5].map((i) => [`${path}/${prefix}${start + i}.jpg`, image]));
const six = (line: (i: number) => string): string => [0, 1, 2, 3, 4, 5].map(line).join('');

async function lay(name: string, layout: Layout): Promise<string> {
  for (const [path, content] of Object.entries(layout)) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), content);
  }
  return join(folder, name);
}

/** The images of each class, or of its parts of a given split: train, validation, test. */
function countsOf({ classes }: Awaited<ReturnType<typeof judgeLocal>>) {
  return Object.fromEntries(
    classes.map(({ name, examples, parts }) => [
      name,
      parts ? [parts.train, parts.validation, parts.test] : examples,
    ]),
  );
}

const layouts: [string, () => Layout, Record<string, unknown>, number][] = [
  [
    'training_set and test_set',
    () => ({
      ...some('training_set/cats'),
      ...some('training_set/dogs'),
      ...some('test_set/cats', 6),
      ...some('test_set/dogs', 6),
    }),
    { cats: [6, 0, 6], dogs: [6, 0, 6] },
    0,
  ],
  [
    'seg_train, seg_test, seg_pred',
    () => ({
      ...some('seg_train/seg_train/cats'),
      ...some('seg_train/seg_train/dogs'),
      ...some('seg_test/seg_test/cats', 6),
      ...some('seg_test/seg_test/dogs', 6),
      ...some('seg_pred/seg_pred', 20),
    }),
    { cats: [6, 0, 6], dogs: [6, 0, 6] },
    6,
  ],
  [
    'Roboflow folders',
    () => ({
      ...Object.assign(
        {},
        ...['train', 'valid', 'test'].flatMap((part) =>
          ['cats', 'dogs'].map((name) => some(`${part}/${name}`)),
        ),
      ),
      'README.dataset.txt': 'x',
      'README.roboflow.txt': 'x',
    }),
    { cats: [6, 6, 6], dogs: [6, 6, 6] },
    2,
  ],
  [
    'Roboflow _classes.csv',
    () =>
      Object.assign(
        {},
        ...['train', 'valid', 'test'].map((part) => ({
          ...some(part, 0, 'd'),
          ...some(part, 0, 'c'),
          [`${part}/_classes.csv`]: `filename, disc, cross\n${six((i) => `d${i}.jpg, 1, 0\nc${i}.jpg, 0, 1\n`)}`,
        })),
      ),
    { disc: [6, 6, 6], cross: [6, 6, 6] },
    0,
  ],
  [
    'Hugging Face metadata',
    () => ({
      ...some('train', 0, 'd'),
      ...some('train', 0, 'c'),
      'train/metadata.csv': `file_name,label\n${six((i) => `d${i}.jpg,disc\nc${i}.jpg,cross\n`)}`,
    }),
    { disc: 6, cross: 6 },
    0,
  ],
  [
    'labels in file names',
    () => ({
      ...some('train', 0, 'cat.'),
      ...some('train', 0, 'dog.'),
      ...some('test1', 30),
      'sampleSubmission.csv': 'id,label\n1,0\n',
    }),
    { cat: 6, dog: 6 },
    7,
  ],
  [
    'documents called license and readme',
    () => ({
      ...some('documents/driving_licenses', 0, 'license_'),
      ...some('documents/manuals', 0, 'readme'),
      ...some('documents/passports', 0, 'passport_'),
    }),
    { driving_licenses: 6, manuals: 6, passports: 6 },
    0,
  ],
];

describe('judgeLocal', () => {
  it.each(layouts)('reads %s, in a folder and in a zip', async (name, layout, counts, leftOut) => {
    const files = layout();
    const path = await lay(name, files);
    const zip = join(folder, `${name}.zip`);
    await writeFile(zip, await buffer(zipFiles(path, Object.keys(files))));

    for (const report of [await judgeLocal(path, undefined), await judgeLocal(zip, undefined)]) {
      expect(report.problems).toEqual([]);
      expect(countsOf(report)).toEqual(counts);
      expect(report.leftOut.reduce((sum, { files: n }) => sum + n, 0)).toBe(leftOut);
      const total = report.examples + report.lists.length + leftOut;
      expect(total).toBe(Object.keys(files).length); // every file is accounted for
    }
  });

  it('leaves the thumbnails of a NAS out, and counts them', async () => {
    const files = {
      ...some('nas/cat'),
      ...some('nas/dog'),
      'nas/cat/@eaDir/0.jpg/SYNOPHOTO_THUMB_SM.jpg': image,
      'nas/@eaDir/cover.jpg/SYNOPHOTO_THUMB_XL.jpg': image,
    };
    const path = await lay('eadir', files);
    const zip = join(folder, 'eadir.zip');
    await writeFile(zip, await buffer(zipFiles(path, Object.keys(files))));

    const report = await judgeLocal(zip, undefined);

    expect(countsOf(report)).toEqual({ cat: 6, dog: 6 });
    expect(report.leftOut).toMatchObject([
      { rule: 'left behind by an operating system or a tool', files: 2 },
    ]);
    expect(countsOf(await judgeLocal(path, undefined))).toEqual({ cat: 6, dog: 6 });
  });

  it('tells everything about a messy folder at once', async () => {
    const path = await lay('messy', {
      ...some('cat'),
      ...some('Cat '),
      ...some('dog'),
      'dog/broken.jpg': 'no image',
      'dog/notes.pdf': 'x',
      'cow/1.jpg': image,
      'loose.jpg': image,
    });

    const text = describeReport(await judgeLocal(path, undefined));

    for (const part of [
      'Taken for one folder of images per class.',
      'Left out: 1 file: not an image, by its name (dog/notes.pdf).',
      'loose.jpg: The file is not in a class folder.',
      'The class "cow" has 1 image; the minimum is 5.',
      'differ only in case or spaces',
      'dog/broken.jpg: The file is text, not an image',
      'Problems (4):',
    ]) {
      expect(text).toContain(part);
    }
  });
});
