import { buffer } from 'node:stream/consumers';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { sha256 } from '#core/identity.ts';
import { inputKeys, jobKeys } from '#core/keys.ts';
import { readManifest } from '#core/manifest.ts';
import { memoryJobs, memoryLog, memoryObjects } from '#examples/in-memory-ports.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { StaleJob } from '#ports';

const teachers = new Map([
  ['efficientnet-lite0', { input: { px: 224 }, blockOutputs: [1, 2, 3, 4, 5, 6, 7] }],
]);
const now = () => new Date('2026-11-24T12:00:00.000Z');
let png: Buffer;
let bucket: ReturnType<typeof memoryObjects>;
let jobs: ReturnType<typeof memoryJobs>;

type Files = Record<string, Uint8Array | string>;

/** Five images of each class, each with other bytes. */
const classFolders = (root = '', classes = ['cat', 'dog']): Files =>
  Object.fromEntries(
    classes.flatMap((name) =>
      [1, 2, 3, 4, 5].map((i) => [
        `${root}${name}/${i}.png`,
        Buffer.concat([png, Buffer.from(name + i)]),
      ]),
    ),
  );

async function zip(
  files: Files,
  options: { mode?: number; compress?: boolean } = {},
): Promise<Buffer> {
  const archive = new ZipFile();
  for (const [path, content] of Object.entries(files)) {
    archive.addBuffer(Buffer.from(content), path, { mtime: new Date(0), ...options });
  }
  archive.end();
  return buffer(archive.outputStream);
}

const validate = (key: string) =>
  validateDataset({ objects: bucket.objects, jobs, log: memoryLog().log, now, teachers }, key);

async function validateZip(files: Files, options = {}) {
  bucket.put('datasets/pets.zip', await zip(files, options));
  return validate('datasets/pets.zip');
}

/** Where the inputs are with which an accepted job is launched. */
function inputsOf(job: Awaited<ReturnType<typeof validate>>) {
  if (!job?.summary) throw new Error(`not accepted: ${JSON.stringify(job?.progress)}`);
  return inputKeys(job.id, job.summary);
}

const codesOf = (job: Awaited<ReturnType<typeof validate>>) =>
  job?.progress.state === 'rejected'
    ? job.progress.problems.map(({ code }) => code)
    : job?.progress.state;

beforeAll(async () => {
  png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
});
beforeEach(() => {
  bucket = memoryObjects();
  jobs = memoryJobs();
});

describe('validateDataset', () => {
  it.each([true, false])(
    'accepts class folders in a zip (deflated: %s) and writes a manifest of exactly them',
    async (compress) => {
      const job = await validateZip(
        { ...classFolders(), '__MACOSX/cat/._1.png': 'x', 'cat/.DS_Store': 'x' },
        { compress },
      );

      expect(job?.progress.state).toBe('validated');
      const text = (await bucket.objects.readText(inputsOf(job).manifest)) ?? '';
      const { header, examples } = readManifest(text);
      expect(header.classes).toEqual(['cat', 'dog']);
      expect(examples).toHaveLength(10);
      expect(examples[9]).toMatchObject({
        path: 'dog/5.png',
        label: 1,
        entry: { name: 'dog/5.png' },
      });
    },
  );

  it('accepts a sealed folder, and nothing before its seal', async () => {
    for (const [path, content] of Object.entries(classFolders('datasets/pets/')))
      bucket.put(path, content);
    expect(await validate('datasets/pets/_READY')).toBeUndefined();

    bucket.put('datasets/pets/_READY', '');
    const job = await validate('datasets/pets/_READY');

    expect(job?.progress.state).toBe('validated');
    const channel = JSON.parse((await bucket.objects.readText(inputsOf(job).channel)) ?? '');
    expect(channel).toHaveLength(11);
    expect(channel).not.toContain('datasets/pets/_READY');
  });

  it('skips wrapping folders', async () => {
    const job = await validateZip(classFolders('my pets/images/'));

    expect(job?.summary).toMatchObject({ classes: 2, examples: 10 });
    const report = await bucket.objects.readText(jobKeys(job?.id ?? '').report);
    expect(JSON.parse(report ?? '').classes).toEqual([
      { name: 'cat', examples: 5 },
      { name: 'dog', examples: 5 },
    ]);
  });

  it.each(['dataset.json', 'pets/dataset.json'])('uses the recipe inside: %s', async (path) => {
    const root = path.replace('dataset.json', '');
    const job = await validateZip({ ...classFolders(root), [path]: '{ "seed": 7 }' });

    const recipe = await bucket.objects.readText(inputsOf(job).recipe);
    expect(JSON.parse(recipe ?? '')).toMatchObject({ seed: 7 });
    const manifest = readManifest((await bucket.objects.readText(inputsOf(job).manifest)) ?? '');
    expect(manifest.examples).toHaveLength(10);
  });

  it('prefers the recipe beside a zip to the one inside', async () => {
    bucket.put('datasets/pets.json', '{ "seed": 8 }');
    const job = await validateZip({ ...classFolders(), 'dataset.json': '{ "seed": 7 }' });

    const recipe = await bucket.objects.readText(inputsOf(job).recipe);
    expect(JSON.parse(recipe ?? '')).toMatchObject({ seed: 8 });
  });

  it('names the recipe inside when it is wrong', async () => {
    const wrong = await validateZip({ ...classFolders('a/'), 'a/dataset.json': '{ "sead": 7 }' });
    expect(wrong?.progress).toMatchObject({
      state: 'rejected',
      problems: [expect.objectContaining({ where: expect.stringMatching(/^a\/dataset\.json/) })],
    });
  });

  it('divides as the user did, and counts what it leaves out, in the row, the report and the manifest', async () => {
    const job = await validateZip({
      ...classFolders('train/'),
      ...classFolders('test/'),
      'predict/1.png': png,
      'train/.DS_Store': 'x',
      'train/cat/notes.pdf': 'x',
    });

    const leftOut = [
      { rule: 'left behind by an operating system or a tool', files: 1 },
      { rule: 'not an image, by its name', files: 1 },
      { rule: 'to be predicted (in "predict")', files: 1 },
    ];
    expect(job?.summary).toMatchObject({ examples: 20, lists: 0, leftOut, warningCount: 1 });
    const text = (await bucket.objects.readText(inputsOf(job).manifest)) ?? '';
    const { header, examples } = readManifest(text);
    expect(header).toMatchObject({ format: 'split-folders', leftOut });
    expect(examples.filter(({ split }) => split === 'train')).toHaveLength(10);
    expect(examples.filter(({ split }) => split === 'test')).toHaveLength(10);
    const report = JSON.parse((await bucket.objects.readText(jobKeys(job?.id ?? '').report)) ?? '');
    expect(report).toMatchObject({ format: 'split-folders', examples: 20, lists: [], leftOut });
    expect(report.warnings).toHaveLength(1);
  });

  it('makes one job of the same zip three times in parallel, and another of one changed byte', async () => {
    bucket.put('datasets/pets.zip', await zip(classFolders()));
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => validate('datasets/pets.zip')));

    expect(jobs.all()).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await validate('datasets/pets.zip');
    expect(jobs.all()[0]?.progress.state).toBe('validated');

    await validateZip({ ...classFolders(), 'cat/1.png': Buffer.concat([png, Buffer.from('!')]) });
    expect(jobs.all()).toHaveLength(2);
  });

  it('leaves what a job is launched with, while another event of the same bytes is validated', async () => {
    bucket.put('datasets/pets.zip', await zip(classFolders()));
    const { objects } = bucket;
    /** Sees the archive as the given version of its object, which the manifest names. */
    const asVersion = (versionId: string, write: typeof objects.write = objects.write) => {
      const head = async (key: string) => {
        const found = await objects.head(key);
        return found && { ...found, versionId };
      };
      const ports = { objects: { ...objects, head, write }, jobs, log: memoryLog().log };
      return validateDataset({ ...ports, now, teachers }, 'datasets/pets.zip');
    };
    let isOvertaken = false;
    const overtaken = asVersion('1', async (key, ...content) => {
      if (key.endsWith('manifest.jsonl') && !isOvertaken) {
        isOvertaken = true;
        await asVersion('2');
      }
      await objects.write(key, ...content);
    });
    await expect(overtaken).rejects.toThrow(StaleJob); // its event is then handled again

    const [job] = jobs.all();
    const text = (await objects.readText(inputsOf(job).manifest)) ?? '';
    expect(isOvertaken).toBe(true);
    expect(sha256(text)).toBe(job?.summary?.manifestSha256);
    expect(readManifest(text).header.archive).toMatchObject({ versionId: '2' });
  });

  it('makes another job of another recipe', async () => {
    await validateZip(classFolders());
    bucket.put('datasets/pets.json', '{"seed": 2}');
    await validate('datasets/pets.zip');

    expect(jobs.all()).toHaveLength(2);
  });

  it('says of a faulty recipe what the command line says, in the report and in the row', async () => {
    bucket.put('datasets/pets.json', '{\n  "regime": "block:2",\n  "seed": 1,\n}');
    await validateZip(classFolders());
    bucket.put('datasets/pets.json', '{\n  "regime": "block:2"\n}');
    await validateZip(classFolders());

    const problems = jobs
      .all()
      .flatMap(({ progress }) => (progress.state === 'rejected' ? progress.problems : []));
    expect(problems.map(({ where, what }) => `${where}: ${what}`).sort()).toEqual([
      'datasets/pets.json:2:13, regime: "regime" must be "auto", "head-only", "blocks:1" to "blocks:7" or "full", not "block:2". Did you mean "blocks:2"?',
      'datasets/pets.json:3:12: The recipe is not valid JSON. JSON allows no comma before }; remove this one.',
    ]);
    for (const { id } of jobs.all()) {
      const report = JSON.parse((await bucket.objects.readText(jobKeys(id).report)) ?? '');
      expect(problems).toContainEqual(report.problems[0]);
    }
  });

  it('names every problem at once', async () => {
    bucket.put('datasets/pets.json', '{"regime": "blocks:9"}');
    const job = await validateZip({
      ...classFolders('', ['cat']),
      'bird/1.png': png,
      'cat/notes.png': 'no image',
      'cat/more.zip': 'PK',
      'loose.png': png,
    });

    expect(codesOf(job)).toEqual([
      'REGIME_BLOCKS',
      'TOO_FEW_EXAMPLES',
      'ARCHIVE_INSIDE',
      'NOT_AN_IMAGE',
      'NO_CLASS',
    ]);
  });

  it.each<[string, () => Files, string[]]>([
    ['an empty zip', () => ({}), ['TOO_FEW_CLASSES']],
    ['a single class', () => classFolders('', ['cat']), ['TOO_FEW_CLASSES']],
    [
      'classes that differ in case only',
      () => classFolders('', ['cat', 'cAt ']),
      ['CLASSES_ALIKE'],
    ],
    ['an empty image', () => ({ ...classFolders(), 'cat/6.png': '' }), ['FILE_EMPTY']],
    [
      'a bomb',
      () => ({ ...classFolders(), 'cat/6.png': Buffer.alloc(30_000_000) }),
      ['ARCHIVE_BOMB'],
    ],
  ])('rejects %s', async (_, files, codes) => {
    expect(codesOf(await validateZip(files()))).toEqual(codes);
  });

  it('rejects an image of more than 25 megapixels by its header', async () => {
    const large = await sharp({
      create: { width: 5_001, height: 5_000, channels: 3, background: 'red' },
    })
      .png()
      .toBuffer();

    expect(
      codesOf(await validateZip({ ...classFolders(), 'cat/6.png': large }, { compress: false })),
    ).toEqual(['IMAGE_TOO_LARGE']);
  });

  it('rejects links', async () => {
    expect(codesOf(await validateZip(classFolders(), { mode: 0o120777 }))).toContain(
      'ENTRY_NOT_A_FILE',
    );
  });

  it('rejects a path that escapes', async () => {
    const archive = await zip({ ...classFolders(), 'xx/evil.png': png });
    const evil = Buffer.from(
      archive.toString('latin1').replaceAll('xx/evil.png', '../evil.png'),
      'latin1',
    );
    bucket.put('datasets/pets.zip', evil);

    expect(codesOf(await validate('datasets/pets.zip'))).toEqual(['ARCHIVE_UNREADABLE']);
  });

  it('rejects a zip cut off anywhere, and never crashes', async () => {
    const archive = await zip(classFolders());
    for (let length = 0; length < archive.length; length += 97) {
      bucket.put('datasets/pets.zip', archive.subarray(0, length));
      expect(codesOf(await validate('datasets/pets.zip'))).toEqual(['ARCHIVE_UNREADABLE']);
    }
  });

  // Offsets in an entry of the central directory (PKWARE APPNOTE 4.3.12).
  it.each([
    ['a compressed size that passes the end of the archive', 20, 2 ** 31],
    ['a compressed size that passes it by little', 20, 100_000],
    ['a local header behind the end of the archive', 42, 2 ** 31],
    ['a local header at the very end', 42, 2 ** 32 - 2],
  ])('rejects an entry with %s, and names it', async (_, field, value) => {
    const archive = await zip(classFolders());
    const second = archive.indexOf('PK\x01\x02', archive.indexOf('PK\x01\x02') + 1);
    archive.writeUInt32LE(value, second + field);
    bucket.put('datasets/pets.zip', archive);
    const job = await validate('datasets/pets.zip');

    expect(codesOf(job)).toEqual(['ENTRY_DAMAGED']);
    expect(Object(job?.progress).problems[0]).toMatchObject({
      where: 'cat/2.png',
      remedy: expect.stringContaining('Zip the folder again'),
    });
  });

  it('judges a zip with damage anywhere, and never throws', async () => {
    const whole = await zip(classFolders());
    const damage = fc.tuple(
      fc.nat(whole.length - 5),
      fc.oneof(fc.nat(255), fc.constantFrom(0, 7, 65_536, whole.length, 2 ** 31, 2 ** 32 - 1)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        const archive = Buffer.from(whole);
        for (const [at, value] of damages) {
          if (value < 256) archive.writeUInt8(value, at);
          else archive.writeUInt32LE(value, at);
        }
        bucket.put('datasets/pets.zip', archive);
        const job = await validate('datasets/pets.zip');
        expect(['validated', 'rejected']).toContain(job?.progress.state);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['an object where a word belongs', '{"task":{"toString":1}}', 'TASK_NOT_SUPPORTED'],
    ['names of built-in properties', '{"budget":{"__proto__":1}}', 'RECIPE_FIELD'],
    ['deep nesting', `{"task":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'RECIPE_NOT_JSON'],
    ['more than a recipe can need', `{"task":"${'x'.repeat(70_000)}"}`, 'RECIPE_TOO_LONG'],
  ])('rejects a recipe with %s', async (_, recipe, code) => {
    bucket.put('datasets/pets.json', recipe);

    expect(codesOf(await validateZip(classFolders()))).toEqual([code]);
  });

  it('never reads a recipe of any size into memory', async () => {
    const { readText } = bucket.objects;
    bucket.objects.readText = (key) =>
      key === 'datasets/pets.json' ? Promise.reject(new Error('out of memory')) : readText(key);
    bucket.put('datasets/pets.json', Buffer.alloc(300_000, ' '));

    expect(codesOf(await validateZip(classFolders()))).toEqual(['RECIPE_TOO_LONG']);
  });

  it('keeps the row small, whatever the names of 1,500 classes', async () => {
    const names = Array.from({ length: 1_500 }, (_, i) => '漢'.repeat(95) + i);
    const job = await validateZip(Object.fromEntries(names.map((name) => [`${name}/1.png`, png])));

    expect(codesOf(job)?.[0]).toBe('TOO_MANY_CLASSES');
    expect(Buffer.byteLength(JSON.stringify(job))).toBeLessThan(100_000);
  });

  it.each([
    'datasets/.zip',
    'datasets/..zip',
    'datasets/...zip',
    'datasets/back\\slash.zip',
    'datasets/new\nline.zip',
    `datasets/${'x'.repeat(300)}.zip`,
  ])('rejects %j by its name alone, in one sentence', async (key) => {
    bucket.put(key, await zip(classFolders()));
    const { readRange } = bucket.objects;
    bucket.objects.readRange = () => Promise.reject(new Error('nothing is to be read'));
    const job = await validate(key);
    bucket.objects.readRange = readRange;

    expect(codesOf(job)).toEqual(['DATASET_NAME']);
    expect(job?.outbox[0]?.sentence).not.toMatch(/\p{Cc}/u);
  });

  it('rejects a folder called .., and leaves hidden files alone', async () => {
    bucket.put('datasets/../_READY', '');
    bucket.put('datasets/.DS_Store', 'x');

    expect(codesOf(await validate('datasets/../_READY'))).toEqual(['DATASET_NAME']);
    expect(await validate('datasets/.DS_Store')).toBeUndefined();
  });

  it('answers a stray file with what to upload instead', async () => {
    bucket.put('datasets/pets.rar', 'Rar!');

    expect(codesOf(await validate('datasets/pets.rar'))).toEqual(['NOT_A_DATASET']);
  });
});
