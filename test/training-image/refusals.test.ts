import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MlFolder } from '#core/ml-folder.ts';
import { failureText } from '#core/training-contract.ts';
import { type Files, type JobRequest, layOutJob, zipOf } from '#examples/job-folder.ts';
import { TrainingRefused } from '#training-image/job/errors.ts';
import { train } from '#training-image/train.ts';
import { tinted, tintedClasses } from './images.ts';
import { never, quiet } from './quiet.ts';
import { smallTeacher } from './small-teacher.ts';

let root: string;
let teacher: JobRequest['teacher'];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-refusals-'));
  const folder = join(root, 'teacher');
  teacher = { folder, entry: await smallTeacher(folder) };
});
afterAll(() => rm(root, { recursive: true, force: true }));

let jobs = 0;
const job = (files: Files, form: JobRequest['form'] = 'zip') =>
  layOutJob(join(root, `job${++jobs}`), { form, files, teacher });

/** The text of the failure file that the training ends with. */
async function refusalOf(folders: MlFolder): Promise<string> {
  try {
    await train(folders, new Map([[teacher.entry.name, teacher.entry]]), quiet, never);
  } catch (error) {
    if (error instanceof TrainingRefused) return failureText(error.code, error.message);
    throw error;
  }
  throw new Error('The training was not refused.');
}

describe('a training is refused and', () => {
  it.each([
    ['an image that grew', 'folder', 'datasets/things/red/3.png', longer, 'red/3.png'],
    ['an image that is gone', 'folder', 'datasets/things/red/3.png', gone, 'red/3.png'],
    ['an archive with a flipped bit', 'zip', 'datasets/things.zip', flipped, 'things.zip'],
    ['an archive that grew', 'zip', 'datasets/things.zip', longer, 'things.zip'],
    ['an archive that is gone', 'zip', 'datasets/things.zip', gone, 'things.zip'],
  ] as const)('says that the data changed: %s', async (_, form, key, change, name) => {
    const folders = await job(await tintedClasses([10, 10]), form);
    await change(join(folders.channel('dataset'), key));

    const failure = await refusalOf(folders);

    expect(failure).toMatch(/^DATA_CHANGED: /);
    expect(failure).toContain(name);
  });

  it.each([
    ['manifest', 'manifest.jsonl'],
    ['recipe', 'recipe.json'],
  ])('says that the %s is another', async (channel, file) => {
    const folders = await job(await tintedClasses([10, 10]));
    await appendFile(join(folders.channel(channel), file), '\n');

    const failure = await refusalOf(folders);

    expect(failure).toMatch(new RegExp(`^DATA_CHANGED: ${file} `));
  });

  it.each([
    ['a flipped bit', flipped],
    ['a missing file', gone],
  ])('says that the teacher changed: %s', async (_, change) => {
    const folders = await job(await tintedClasses([10, 10]));
    await change(join(folders.channel('teacher'), 'weights.bin'));

    const failure = await refusalOf(folders);

    expect(failure).toMatch(/^TEACHER_CHANGED: weights\.bin /);
  });

  it('calls a fault inside the archive, which is as it was uploaded, the dataset’s', async () => {
    const files = await tintedClasses([10, 10]);
    const zip = await zipOf(files);
    for (const path of ['red/3.png', 'green/4.png']) {
      const wrong = Buffer.from(zip);
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32LE(crc32(files[path] ?? ''));
      // In the entry's own header and in the archive's directory.
      for (let at = wrong.indexOf(checksum); at >= 0; at = wrong.indexOf(checksum, at + 1)) {
        zip[at] = (zip[at] ?? 0) ^ 1;
      }
    }
    const folders = await layOutJob(join(root, `job${++jobs}`), {
      form: 'zip',
      files,
      zip,
      teacher,
    });

    const failure = await refusalOf(folders);

    expect(failure).toMatch(/^VALIDATION_FAILED: /);
    expect(failure).toMatch(/Each of 2 files does not match its checksum.*red\/3\.png/);
    expect(failure).toContain('green/4.png');
  });

  it.each([
    [
      'a class is left that has images of its own',
      {
        'red/1': 0,
        'red/2': 1,
        'red/3': 2,
        'red/4': 3,
        'red/5': 4,
        'blue/1': 0,
        'blue/2': 1,
        'blue/3': 2,
        'blue/4': 3,
        'blue/5': 4,
      },
      /two classes need images/,
    ],
    [
      'all images of a class are copies of one',
      {
        'red/1': 0,
        'red/2': 0,
        'red/3': 0,
        'red/4': 0,
        'red/5': 0,
        'blue/1': 1,
        'blue/2': 1,
        'blue/3': 1,
        'blue/4': 1,
        'blue/5': 1,
      },
      /three different images/,
    ],
  ])('says why nothing can be learned where %s', async (_, contents, why) => {
    const files: Files = {};
    for (const [path, seed] of Object.entries(contents))
      files[`${path}.png`] = await tinted(0, seed);
    const folders = await job(files);

    const failure = await refusalOf(folders);

    expect(failure).toMatch(/^TOO_FEW_IMAGES: /);
    expect(failure).toMatch(why);
  });
});

async function flipped(file: string): Promise<void> {
  const bytes = await readFile(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(file, bytes);
}
const longer = (file: string) => appendFile(file, 'x');
const gone = (file: string) => rm(file);
