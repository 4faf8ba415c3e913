import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { topologyOf } from './networks.ts';
import { adamw, batch, begin, endAll, threeParts } from './trainings.ts';

afterEach(endAll);

const PROGRAM = fileURLToPath(new URL('./assign-often.ts', import.meta.url));

describe('memory that TensorFlow borrows', () => {
  // TensorFlow borrows an array that is aligned to 64 bytes, and copies others. A training meets all alignments by chance,
  // so all are tried.
  it('is not written to by the steps after an assignment, at any alignment', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    const { weights, optimizer } = step.read();
    const places = Array.from({ length: 16 }, (_, place) => place);

    for (const place of places) {
      const shift = (values: Float32Array) => {
        const moved = new Float32Array(values.length + 16).subarray(place, place + values.length);
        moved.set(values);
        return moved;
      };
      const borrowed = new Map([...weights].map(([name, values]) => [name, shift(values)]));
      step.assign({ weights: borrowed, optimizer });
      for (let i = 0; i < 3; i++) step.step(batch(step), 1);

      expect(borrowed).toEqual(weights);
      expect(step.read().weights).not.toEqual(weights);
    }
  });

  it('is returned on the thread that it was borrowed from: a process that assigns often exits normally', () => {
    const { status, signal, stderr } = spawnSync(process.execPath, ['--import', 'tsx', PROGRAM], {
      encoding: 'utf8',
    });

    expect({ status, signal, stderr }).toMatchObject({ status: 0, signal: null });
  }, 180_000);
});
