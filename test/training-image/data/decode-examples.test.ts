import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManifestExample } from '#core/manifest.ts';
import { decodeExamples } from '#training-image/data/decode-examples.ts';
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
    { dataset, examples, shards: shardsOf(3), px: PX, scratch },
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
      return { problem: 'not an image' };
    });

    await expect(decode(decoders)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      message: 'Each of 3 files cannot be decoded (not an image): a/1.png, a/2.png, b/1.png.',
      files: ['a/1.png', 'a/2.png', 'b/1.png'].map((file) => ({
        file,
        what: 'cannot be decoded (not an image)',
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
