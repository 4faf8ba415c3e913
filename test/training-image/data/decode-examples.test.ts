import { mkdir, mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ManifestExample } from '#core/manifest.ts';
import { decodeExamples } from '#training-image/data/decode-examples.ts';
import { prepareScratch } from '#training-image/data/decoded-images.ts';
import { type Decoders, openDecoders } from '#training-image/data/decoders.ts';
import type { Dataset } from '#training-image/data/read-dataset.ts';
import { isOutOfMemory, TrainingInterrupted, TrainingRefused } from '#training-image/job/errors.ts';
import { shardsOf } from '#training-image/storage/shards.ts';
import { never, quiet } from '../quiet.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'understudy-decode-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const PX = 2;
const examples: ManifestExample[] = ['a/1.png', 'a/2.png', 'b/1.png'].map((path) => ({
  path,
  label: 0,
}));
const dataset: Dataset = {
  read: async ({ path }) => Buffer.from(path),
  close: () => undefined,
};
const decode = (decoders: Decoders, stop = never) =>
  decodeExamples(
    { dataset, examples, shards: shardsOf(3), px: PX, scratch, cacheKey: [] },
    quiet,
    stop,
    decoders,
  );

const pool = (decodeOne: Decoders['decode']): Decoders => ({
  concurrency: 3,
  decode: decodeOne,
  close: async () => undefined,
});

describe('decodeExamples', () => {
  it('names the broken images in the order of the manifest, whichever was decoded first', async () => {
    let calls = 0;
    const decoders = pool(async () => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, 30 / calls));
      return { problem: 'is not an image' };
    });

    await expect(decode(decoders)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: 'Each of 3 files is not an image: a/1.png, a/2.png, b/1.png.',
      files: ['a/1.png', 'a/2.png', 'b/1.png'].map((file) => ({
        file,
        what: 'is not an image',
      })),
    });
  });

  it('does not blame the image if the thread that decodes it dies', {
    timeout: 60_000,
  }, async () => {
    const decoders = openDecoders(new URL('./dying-worker.mjs', import.meta.url));

    const ended = decode(decoders);

    await expect(ended).rejects.not.toBeInstanceOf(TrainingRefused);
    await expect(ended).rejects.toThrow(/worker exited/);
  });

  it('lets an error through that says that memory ran out', async () => {
    const message = 'Worker terminated due to reaching memory limit: JS heap out of memory';
    const decoders = pool(() => Promise.reject(new Error(message)));

    await expect(decode(decoders)).rejects.toSatisfy(
      (error) => !(error instanceof TrainingRefused) && isOutOfMemory(error.message),
    );
  });

  it('stops between two images', async () => {
    const throwIfRequested = () => {
      throw new TrainingInterrupted('asked');
    };
    const decoders = pool(() => expect.unreachable());

    await expect(decode(decoders, { throwIfRequested })).rejects.toThrow(TrainingInterrupted);
  });
});

describe('decodeExamples after an interruption', () => {
  const PIXELS = PX * PX * 3;
  const many: ManifestExample[] = Array.from({ length: 700 }, (_, i) => ({
    path: `${i}.png`,
    label: 0,
  }));
  /** The bytes of an image are its number, and so are its pixels. */
  const numbered: Dataset = {
    read: async ({ path }) => Buffer.of(Number.parseInt(path, 10) % 251),
    close: () => undefined,
  };
  const pixelsOf = (bytes: Uint8Array) => new Uint8Array(PIXELS).fill(bytes[0] ?? 0);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'understudy-kept-'));
    await prepareScratch(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** @param until the number of images after which the run is interrupted */
  async function run({ until = Number.POSITIVE_INFINITY, cacheKey = ['a'], px = PX } = {}) {
    let decoded = 0;
    const steps: number[] = [];
    const decoders = pool(async (bytes) => {
      if (decoded++ >= until) throw new TrainingInterrupted('asked');
      return { pixels: px === PX ? pixelsOf(bytes) : new Uint8Array(px * px * 3) };
    });
    const report = { ...quiet, progress: (_: string, done: number) => void steps.push(done) };
    const decoding = {
      dataset: numbered,
      examples: many,
      shards: shardsOf(700),
      px,
      scratch: folder,
      cacheKey,
    };
    const rows = await decodeExamples(decoding, report, never, decoders).catch(() => undefined);
    const pixels = rows && Buffer.from(await rows.read(0, 700)).toString('hex');
    await rows?.close();
    return { decoded, pixels, first: steps[0] };
  }
  const all = Buffer.concat(
    many.map(({ path }) => pixelsOf(Uint8Array.of(Number.parseInt(path, 10) % 251))),
  ).toString('hex');

  /** The folder of the images, and the file that says that a shard is complete. */
  async function kept(): Promise<string> {
    const [name = ''] = await readdir(folder);
    return join(folder, name);
  }

  it('decodes only the shards that were not complete, and says so from the start', async () => {
    await run({ until: 600 });
    await prepareScratch(folder);

    const { decoded, pixels, first } = await run();

    expect({ decoded, first }).toEqual({ decoded: 188, first: 512 });
    expect(pixels === all).toBe(true);
    expect((await run()).decoded).toBe(0);
  });

  it.each<[string, (images: string) => Promise<void>, number]>([
    ['damaged', (images) => overwrite(join(images, 'images.u8'), 300 * PIXELS), 256],
    ['cut off', (images) => truncate(join(images, 'images.u8'), 600 * PIXELS), 188],
    ['without its digest', (images) => rm(join(images, '0.sha256')), 256],
    ['half written', (images) => truncate(join(images, '1.sha256'), 20), 256],
  ])('decodes a shard again that is %s', async (_, damage, expected) => {
    await run();
    await damage(await kept());

    const { decoded, pixels } = await run();

    expect(decoded).toBe(expected);
    expect(pixels === all).toBe(true);
  });

  it('takes no images for others, and deletes those that are of no use any more', async () => {
    await run();

    expect((await run({ cacheKey: ['b'] })).decoded).toBe(700);
    expect((await run({ cacheKey: ['b'], px: 3 })).decoded).toBe(700);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('keeps nothing else of an interrupted run', async () => {
    await run();
    await writeFile(join(folder, 'features.f32'), 'x');
    await mkdir(join(folder, 'activations'));
    await prepareScratch(folder);

    expect(await readdir(folder)).toEqual([expect.stringMatching(/^images-/)]);
  });
});

async function overwrite(file: string, position: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Uint8Array.of(255), 0, 1, position);
  await handle.close();
}
