import { at, lookUp } from '#core/at.ts';
import { lastSize, newGraph, type Shape, sizeOf } from './graph.ts';
import { requireLabels } from './ops/loss.ts';
import { openSession } from './session.ts';
import { newTape } from './tape.ts';
import type { Topology } from './topology.ts';
import { trainableNetwork } from './trainable-network.ts';
import { type Values, variableAccess } from './variables.ts';
import { type StepSettings, writeStep } from './write-step.ts';

/** The complete state of a training, as a checkpoint stores it. */
export interface TrainingState {
  weights: Values; // of the trained layers, by their names in the topology
  optimizer: Values; // its moments, and `steps`
}

export interface Batch {
  /** [n, …]: images, 0 to 255, or activations, as the settings say; borrowed, not copied */
  input: Uint8Array | Float32Array;
  labels: Int32Array; // [n]
}

/** A network in training: a fixed graph whose variables change. */
export interface TrainingStep {
  readonly inputShape: Shape; // of one example
  readonly classes: number;
  /**
   * Takes one step, in one call to TensorFlow.
   *
   * @param learningRateScale multiplies all learning rates in this step
   * @returns the loss of the batch, in nats, and the global norm of its gradients before clipping; both before the step
   * @throws Error if there is not one label, of an existing class, for each example
   */
  step(batch: Batch, learningRateScale: number): { loss: number; gradientNorm: number };
  /** The logits of the network with its current weights, [n, classes]. */
  evaluate(input: Uint8Array | Float32Array): Float32Array;
  read(): TrainingState;
  /** Replaces weights, the optimizer's state, or both. */
  assign(state: Partial<TrainingState>): void;
  dispose(): void;
}

/** Writes a network and its training as a graph, opens a session for it, and assigns the topology's weights. */
export function trainingStep(topology: Topology, settings: StepSettings): TrainingStep {
  const graph = newGraph();
  const network = trainableNetwork(graph, topology, settings);
  const { inputShape } = network;
  const inputType = settings.input === 'images' ? 'uint8' : 'float32';
  const feeds = {
    input: graph.placeholder('input', inputType, inputShape),
    labels: graph.placeholder('labels', 'int32', [-1]),
    learningRateScale: graph.placeholder('learning_rate_scale', 'float32', []),
  };
  const { report, state } = writeStep(graph, network, feeds, settings);
  const { logits } = network.forward(newTape(graph), feeds.input);
  const weights = variableAccess(graph, network.variables);
  const optimizer = variableAccess(graph, state);
  const session = openSession(graph);

  const exampleShape = inputShape.slice(1);
  const classes = lastSize(logits.shape);
  const inputFeed = (values: Batch['input']) => {
    const shape = [values.length / sizeOf(exampleShape), ...exampleShape];
    return { into: feeds.input, values, shape };
  };

  const step: TrainingStep = {
    inputShape: exampleShape,
    classes,
    step({ input, labels }, learningRateScale) {
      requireLabels(labels, input.length / sizeOf(exampleShape), classes);
      const fed = [
        inputFeed(input),
        { into: feeds.labels, values: labels, shape: [labels.length] },
        {
          into: feeds.learningRateScale,
          values: Float32Array.of(learningRateScale),
          shape: [],
        },
      ];
      const values = at(session.run(fed, [report]), 0);
      return { loss: at(values, 0), gradientNorm: at(values, 1) };
    },
    evaluate(input) {
      if (input.length === 0) return new Float32Array(); // TensorFlow's fused kernels reject empty batches
      return at(session.run([inputFeed(input)], [logits]), 0);
    },
    read: () => ({ weights: weights.read(session), optimizer: optimizer.read(session) }),
    assign(changed) {
      if (changed.weights) weights.assign(session, changed.weights);
      if (changed.optimizer) optimizer.assign(session, changed.optimizer);
    },
    dispose: session.dispose,
  };
  step.assign({
    weights: new Map(weights.parts.map(({ name }) => [name, lookUp(topology.weights, name)])),
    optimizer: new Map(optimizer.parts.map(({ name, length }) => [name, new Float32Array(length)])),
  });
  return step;
}
