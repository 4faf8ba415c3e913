import { describe, expect, it } from 'vitest';
import { testedImages } from '#training-image/evaluate/tested-images.ts';

describe('testedImages', () => {
  it('names each image, its class, the answer and the confidence', () => {
    const dataset = {
      examples: [{ path: 'a/0' }, { path: 'a/1' }, { path: 'b/2' }],
      contents: ['s0', 's1', 's2'],
      classes: ['a', 'b'],
    };
    const answer = { ofLabel: 0.75, best: [] };

    expect(
      testedImages(dataset, [
        { ...answer, example: 2, label: 1, predicted: 1, confidence: 0.75 },
        { ...answer, example: 0, label: 0, predicted: 1, confidence: 0.8 },
      ]),
    ).toEqual([
      { file: 'b/2', label: 'b', predicted: 'b', confidence: 0.75, sha256: 's2' },
      { file: 'a/0', label: 'a', predicted: 'b', confidence: 0.8, sha256: 's0' },
    ]);
  });
});
