import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { topologyOf } from './networks.ts';
import { adamw, batch, begin, endAll, threeParts } from './trainings.ts';

afterEach(endAll);

const LIFE = fileURLToPath(new URL('./many-lives.ts', import.meta.url));

describe('memory that is lent to TensorFlow', () => {
  // TensorFlow takes an array as it is if it begins at a multiple of 64 bytes, and copies it otherwise: every place has
  // to be tried, as a training meets them by chance.
  it('is not written to by the steps after it was assigned, wherever it begins', async () => {
    const step = begin(await topologyOf(threeParts()), adamw);
    const { weights, optimizer } = step.read();
    const places = Array.from({ length: 16 }, (_, place) => place);

    for (const place of places) {
      const at = (values: Float32Array) => {
        const moved = new Float32Array(values.length + 16).subarray(place, place + values.length);
        moved.set(values);
        return moved;
      };
      const lent = new Map([...weights].map(([name, values]) => [name, at(values)]));
      step.assign({ weights: lent, optimizer });
      for (let i = 0; i < 3; i++) step.step(batch(step), 1, i);

      expect(lent).toEqual(weights);
      expect(step.read().weights).not.toEqual(weights);
    }
  });

  it('is given back on the thread that lent it: a process that assigns often ends as it should', () => {
    const { status, signal, stderr } = spawnSync(process.execPath, ['--import', 'tsx', LIFE], {
      encoding: 'utf8',
    });

    expect({ status, signal, stderr }).toMatchObject({ status: 0, signal: null });
  }, 180_000);
});
