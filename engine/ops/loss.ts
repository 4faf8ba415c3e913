import { at } from '#core/at.ts';
import { FLOAT, type GraphTensor, INT, lastSize, outputOf, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { reshaped } from './shape.ts';

/**
 * The cross-entropy of each example, in nats.
 *
 * @param logits [n, classes]
 * @param labels int32 [n], 0 to classes - 1
 * @param smoothing the part of the target that all classes share equally (Szegedy et al., CVPR 2016)
 * @returns [n]
 */
export function softmaxCrossEntropy(
  tape: Tape,
  logits: GraphTensor,
  labels: GraphTensor,
  smoothing = 0,
): GraphTensor {
  const { graph } = tape;
  const n = at(logits.shape, 0);
  const classes = lastSize(logits.shape);
  const depth = graph.constant(Int32Array.of(classes), []);
  const share = smoothing / classes;
  const targets = graph.add(
    'OneHot',
    [labels, depth, scalar(graph, 1 - smoothing + share), scalar(graph, share)],
    { T: FLOAT, TI: INT, axis: { int: -1 } },
    logits.shape,
  );
  const losses = graph.add('SoftmaxCrossEntropyWithLogits', [logits, targets], { T: FLOAT }, [n]);
  return tape.record(losses, [logits], (dy) => [
    () => {
      const slope = outputOf(losses, 1, logits.shape); // the kernel computes it along with the loss
      return graph.add('Mul', [slope, reshaped(graph, dy, [n, 1])], { T: FLOAT }, logits.shape);
    },
  ]);
}

/** @throws Error if there is not one label, of an existing class, for each example */
export function requireLabels(labels: Int32Array, n: number, classes: number): void {
  if (labels.length !== n) throw new Error(`There are ${labels.length} labels for ${n} examples.`);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw new Error(`There is no class ${wrong} among ${classes}.`);
}
