import { FLOAT, type Graph, type GraphTensor, newGraph, type Shape } from './graph.ts';
import { softmaxCrossEntropy } from './rules/softmax-cross-entropy.ts';
import { openSession } from './session.ts';
import { newTape } from './tape.ts';
import { sizeOf, type Topology } from './topology.ts';
import { type TrainedNetwork, trainedNetwork } from './trained-network.ts';
import type { TrainingSettings } from './training-settings.ts';
import { type Values, variableAccess } from './variable-access.ts';
import { writeStep } from './write-step.ts';

/** All that a training has become: what a checkpoint holds. */
export interface TrainingState {
  weights: Values; // of the trained layers, as the topology names them
  optimizer: Values; // what it remembers, and `steps`
}

export interface Batch {
  /** [n, …]: pictures, 0 to 255, or activations, as the settings say; lent, not copied */
  input: Uint8Array | Float32Array;
  labels: Int32Array; // [n]
  importance?: Float32Array; // [n], how much each example counts in the mean; 1 if left out
}

/** A network in training: one graph in which nothing changes but its variables. */
export interface TrainingStep {
  readonly inputShape: Shape; // of one example
  readonly classes: number;
  /**
   * Takes one step, in one call of TensorFlow.
   *
   * @param rate by which the learning rates are multiplied in this step
   * @param seed of what is random in it
   * @returns the loss of the batch, in nats, and the length of its gradient, both before the step
   */
  step(batch: Batch, rate: number, seed: number): { loss: number; gradientNorm: number };
  /** The logits, [n, classes], that the network gives as it is now. */
  evaluate(input: Uint8Array | Float32Array): Float32Array;
  /**
   * Which way an example has to change for its loss to rise.
   *
   * @param input [n, …]: activations, or pictures as float32, for which there is more between 0 and 255
   * @returns the loss of each example, [n], and its gradient with respect to that example, [n, …]
   */
  inputGradient(
    input: Float32Array,
    labels: Int32Array,
  ): { losses: Float32Array; gradient: Float32Array };
  read(): TrainingState;
  /** Goes on from somewhere else; what is left out stays. */
  assign(state: Partial<TrainingState>): void;
  dispose(): void;
}

/** Writes a network and its training as a graph, gives it to TensorFlow, and begins with the topology's weights. */
export function trainingStep(topology: Topology, settings: TrainingSettings): TrainingStep {
  const graph = newGraph();
  const network = trainedNetwork(graph, topology, settings);
  const { inputShape: shape } = network;
  const inputType = settings.input === 'images' ? 'uint8' : 'float32';
  const feeds = {
    input: graph.placeholder('input', inputType, shape),
    labels: graph.placeholder('labels', 'int32', [-1]),
    importance: graph.placeholder('importance', 'float32', [-1]),
    rate: graph.placeholder('rate', 'float32', []),
    seed: graph.placeholder('seed', 'int32', []),
  };
  const { report, memory } = writeStep(graph, network, feeds, settings);
  const { logits } = network.forward(newTape(graph), feeds.input);
  const numbers = graph.placeholder('numbers', 'float32', shape);
  const sensitive = writeInputGradient(graph, network, numbers, feeds.labels);
  const weights = variableAccess(graph, [network.variables, network.averages ?? []].flat());
  const optimizer = variableAccess(graph, memory);
  const session = openSession(graph);

  const classes = logits.shape.at(-1) ?? 0;
  const size = sizeOf(shape.slice(1));
  const many = (values: Batch['input']) => [values.length / size, ...shape.slice(1)];

  const step: TrainingStep = {
    inputShape: shape.slice(1),
    classes,
    step({ input, labels, importance = new Float32Array(labels.length).fill(1) }, rate, seed) {
      checkLabels(labels, input.length / size, classes);
      const [values] = session.run(
        [
          { into: feeds.input, values: input, shape: many(input) },
          { into: feeds.labels, values: labels, shape: [labels.length] },
          { into: feeds.importance, values: importance, shape: [labels.length] },
          { into: feeds.rate, values: Float32Array.of(rate), shape: [] },
          { into: feeds.seed, values: Int32Array.of(seed), shape: [] },
        ],
        [report],
      );
      const [loss = Number.NaN, gradientNorm = Number.NaN] = values ?? [];
      return { loss, gradientNorm };
    },
    evaluate(input) {
      if (input.length === 0) return new Float32Array(); // TensorFlow's fused kernels refuse it
      const [values] = session.run(
        [{ into: feeds.input, values: input, shape: many(input) }],
        [logits],
      );
      return values as Float32Array;
    },
    inputGradient(input, labels) {
      checkLabels(labels, input.length / size, classes);
      const [losses, gradient] = session.run(
        [
          { into: numbers, values: input, shape: many(input) },
          { into: feeds.labels, values: labels, shape: [labels.length] },
        ],
        [sensitive.losses, sensitive.gradient],
      ) as [Float32Array, Float32Array];
      return { losses, gradient };
    },
    read: () => ({ weights: weights.read(session), optimizer: optimizer.read(session) }),
    assign(state) {
      if (state.weights) weights.assign(session, state.weights);
      if (state.optimizer) optimizer.assign(session, state.optimizer);
    },
    dispose: session.dispose,
  };
  step.assign({
    weights: new Map(
      weights.parts.map(({ name }) => [name, topology.weights.get(name) as Float32Array]),
    ),
    optimizer: new Map(optimizer.parts.map(({ name, length }) => [name, new Float32Array(length)])),
  });
  return step;
}

/** An example at a time: of the sum, so that none has a share in another's gradient. */
function writeInputGradient(
  graph: Graph,
  network: TrainedNetwork,
  input: GraphTensor,
  labels: GraphTensor,
): { losses: GraphTensor; gradient: GraphTensor } {
  const tape = newTape(graph);
  const { logits } = network.forward(tape, tape.watch(input));
  const losses = softmaxCrossEntropy(tape, logits, labels, 0);
  const ones = graph.add('OnesLike', [losses], { T: FLOAT }, losses.shape);
  const [gradient] = tape.gradients(losses, ones, [input]);
  return { losses, gradient: gradient as GraphTensor };
}

function checkLabels(labels: Int32Array, n: number, classes: number): void {
  if (labels.length !== n) throw new Error(`There are ${labels.length} labels for ${n} examples.`);
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw new Error(`There is no class ${wrong}, of ${classes}.`);
}
