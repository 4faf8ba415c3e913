import { at, lookUp } from '#core/at.ts';
import { writeForward } from './forward.ts';
import { FLOAT, lastSize, newGraph, sizeOf } from './graph.ts';
import { requireLabels, softmaxCrossEntropy } from './ops/loss.ts';
import { openSession } from './session.ts';
import { newTape } from './tape.ts';
import { inputOf, type Topology } from './topology.ts';
import { constantWeights } from './weights.ts';

/** The gradient of a network's loss with respect to its input. */
export interface InputGradient {
  /**
   * @param images float32, because there is more between 0 and 255 than whole numbers; [n, height, width, channels]
   * @returns the cross-entropy of each image, [n], and its gradient with respect to that image, [n, height, width, channels]
   */
  run(images: Float32Array, labels: Int32Array): { losses: Float32Array; gradient: Float32Array };
  dispose(): void;
}

/** Writes a network as a graph of constants together with its input gradient, and opens a session for it. */
export function inputGradient(topology: Topology): InputGradient {
  const graph = newGraph();
  const tape = newTape(graph);
  const input = inputOf(topology);
  const pixels = tape.watch(graph.placeholder('pixels', 'float32', input.shape));
  const labels = graph.placeholder('labels', 'int32', [-1]);
  const given = new Map([[input.name, pixels]]);
  const weights = constantWeights(graph, topology);
  const outputs = writeForward(tape, topology, given, [topology.output], weights);
  const logits = lookUp(outputs, topology.output);
  const losses = softmaxCrossEntropy(tape, logits, labels);
  // Of the sum, not the mean, so that the gradient of an image does not depend on the others.
  const ones = graph.add('OnesLike', [losses], { T: FLOAT }, losses.shape);
  const fetches = [losses, ...tape.gradients(losses, ones, [pixels])];
  const session = openSession(graph);

  const imageShape = input.shape.slice(1);
  return {
    run(images, classes) {
      const n = images.length / sizeOf(imageShape);
      requireLabels(classes, n, lastSize(logits.shape));
      const fed = [
        { into: pixels, values: images, shape: [n, ...imageShape] },
        { into: labels, values: classes, shape: [n] },
      ];
      const values = session.run(fed, fetches);
      return { losses: at(values, 0), gradient: at(values, 1) };
    },
    dispose: session.dispose,
  };
}
