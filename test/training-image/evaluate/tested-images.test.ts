import { describe, expect, it } from 'vitest';
import { testedImages } from '#training-image/evaluate/tested-images.ts';

const dataset = {
  examples: [{ path: 'a/0' }, { path: 'a/1' }, { path: 'b/2' }],
  contents: ['s0', 's1', 's2'],
  classes: ['a', 'b'],
};

describe('testedImages', () => {
  it('names each image, its class, the answer and the confidence', () => {
    const predictions = {
      logits: Float32Array.from([0, Math.log(3), Math.log(4), 0]),
      labels: Int32Array.from([1, 0]),
    };

    expect(testedImages(dataset, [2, 0], predictions, 1)).toEqual([
      { file: 'b/2', label: 'b', predicted: 'b', confidence: expect.closeTo(0.75), sha256: 's2' },
      { file: 'a/0', label: 'a', predicted: 'a', confidence: expect.closeTo(0.8), sha256: 's0' },
    ]);
  });

  it('divides the logits by the temperature first, and copes with large ones', () => {
    const one = (logits: number[], temperature: number) =>
      testedImages(
        dataset,
        [1],
        { logits: Float32Array.from(logits), labels: Int32Array.from([0]) },
        temperature,
      )[0];

    expect(one([0, 2 * Math.log(3)], 2)).toMatchObject({
      predicted: 'b',
      confidence: expect.closeTo(0.75),
    });
    expect(one([5000, 0], 1)).toMatchObject({ predicted: 'a', confidence: 1 });
  });
});
