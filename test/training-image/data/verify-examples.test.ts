import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import type { ManifestExample } from '#core/manifest.ts';
import { type Dataset, FileRefused } from '#training-image/data/read-dataset.ts';
import { verifyExamples } from '#training-image/data/verify-examples.ts';
import { TrainingInterrupted } from '#training-image/job/errors.ts';
import { never, quiet } from '../quiet.ts';

const examples: ManifestExample[] = Array.from({ length: 40 }, (_, i) => ({
  path: `${i}.png`,
  label: 0,
}));

/** A disk on which the last files are the first to be read. */
function slowDisk(refused: Record<string, FileRefused> = {}): Dataset & { most: number } {
  let reading = 0;
  const dataset = {
    most: 0,
    async read({ path }: ManifestExample) {
      reading += 1;
      dataset.most = Math.max(dataset.most, reading);
      await pause(20 - (Number.parseInt(path, 10) % 8));
      reading -= 1;
      const refusal = refused[path];
      if (refusal) throw refusal;
      return Buffer.from(path);
    },
    close: () => undefined,
  };
  return dataset;
}

describe('verifyExamples', () => {
  it('reads several examples at once, and returns their digests in the order of the manifest', async () => {
    const disk = slowDisk();

    const digests = await verifyExamples(disk, examples, quiet, never);

    expect(digests).toEqual(examples.map(({ path }) => sha256(path)));
    expect(disk.most).toBe(8);
  });

  it('names the files in the order of the manifest, with the code of the first', async () => {
    const disk = slowDisk({
      '3.png': new FileRefused('DATA_CHANGED', '3.png', 'is missing'),
      '7.png': new FileRefused('VALIDATION_FAILED', '7.png', 'cannot be unpacked'),
    });

    await expect(verifyExamples(disk, examples, quiet, never)).rejects.toMatchObject({
      code: 'DATA_CHANGED',
      message: '3.png is missing. 7.png cannot be unpacked.',
    });
  });

  it('reads nothing after it was asked to stop', async () => {
    const disk = slowDisk();
    const throwIfRequested = () => {
      throw new TrainingInterrupted('asked');
    };

    const ended = verifyExamples(disk, examples, quiet, { throwIfRequested });

    await expect(ended).rejects.toThrow(TrainingInterrupted);
    expect(disk.most).toBe(0);
  });
});
