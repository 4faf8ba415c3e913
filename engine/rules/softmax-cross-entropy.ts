import { FLOAT, type GraphTensor, INT, outputOf, scalar } from '../graph.ts';
import type { Tape } from '../tape.ts';
import { reshape } from './reshape.ts';

/**
 * How surprised a network is at the true classes, in nats.
 *
 * @param logits [n, classes]
 * @param labels int32 [n], 0 to classes - 1
 * @param smoothing the share of the certainty that is spread over all classes, 0 to 1
 * @returns [n]
 */
export function softmaxCrossEntropy(
  tape: Tape,
  logits: GraphTensor,
  labels: GraphTensor,
  smoothing: number,
): GraphTensor {
  const { graph } = tape;
  const [n = -1, classes = 1] = logits.shape;
  const spread = smoothing / classes;
  const targets = graph.add(
    'OneHot',
    [
      labels,
      graph.constant(Int32Array.of(classes), []),
      scalar(graph, 1 - smoothing + spread),
      scalar(graph, spread),
    ],
    { T: FLOAT, TI: INT, axis: { int: -1 } },
    logits.shape,
  );
  const losses = graph.add('SoftmaxCrossEntropyWithLogits', [logits, targets], { T: FLOAT }, [n]);
  return tape.record(losses, [logits], (dy) => [
    () => {
      const slope = outputOf(losses, 1, logits.shape); // as the kernel gives it too
      return graph.add('Mul', [slope, reshape(tape, dy, [n, 1])], { T: FLOAT }, logits.shape);
    },
  ]);
}
