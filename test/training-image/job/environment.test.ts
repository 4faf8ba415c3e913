import { describe, expect, it } from 'vitest';
import { cacheKeyOf } from '#training-image/job/environment.ts';

const environment = { understudy: '1', tensorflow: '2', node: '20', device: 'CPU: old, 2 cores' };

describe('the part of the cache key that the environment decides', () => {
  it.each([
    ['another processor', { device: 'CPU: new, 96 cores' }, true],
    ['another Node', { node: '22' }, true],
    ['a GPU', { device: 'GPU' }, false],
    ['another TensorFlow', { tensorflow: '3' }, false],
    ['another Understudy', { understudy: '2' }, false],
  ])('for %s', (_, change, same) => {
    const changed = cacheKeyOf({ ...environment, ...change });

    expect(JSON.stringify(changed) === JSON.stringify(cacheKeyOf(environment))).toBe(same);
  });
});
