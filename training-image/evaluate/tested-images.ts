import { at } from '#core/at.ts';
import type { TestedImage } from '#core/predictions-csv.ts';
import { argMax, type Predictions } from './predictions.ts';

/** The examples of a job, in the order of the manifest. */
interface Examples {
  examples: readonly { path: string }[];
  contents: readonly string[]; // a sha256 per example
  classes: readonly string[];
}

/**
 * The answers of a student, image by image.
 *
 * @param indices of the examples that were predicted, among all, in the order of `predictions`
 * @param temperature the logits are divided by it before the softmax
 */
export function testedImages(
  { examples, contents, classes }: Examples,
  indices: ArrayLike<number>,
  { logits, labels }: Predictions,
  temperature: number,
): TestedImage[] {
  return Array.from(labels, (label, row) => {
    const index = at(indices, row);
    const ownLogits = logits.subarray(row * classes.length, (row + 1) * classes.length);
    const predicted = argMax(ownLogits);
    const largest = at(ownLogits, predicted);
    const sum = ownLogits.reduce((all, each) => all + Math.exp((each - largest) / temperature), 0);
    return {
      file: at(examples, index).path,
      label: at(classes, label),
      predicted: at(classes, predicted),
      confidence: 1 / sum, // the softmax of the largest
      sha256: at(contents, index),
    };
  });
}
