import { constantWeights } from './constant-weights.ts';
import { cutNetwork } from './cut-network.ts';
import { writeForward } from './forward.ts';
import { pixelsOf } from './frozen-prefix.ts';
import { type Graph, type GraphTensor, INT, type Shape } from './graph.ts';
import { type Layer, weightName } from './layer.ts';
import { join } from './rules/join.ts';
import type { Tape } from './tape.ts';
import { inputOf, layerOf, type Topology } from './topology.ts';
import {
  movingAverages,
  partsOf,
  type TrainedVariable,
  trainedVariables,
} from './trained-variables.ts';
import { trainedWeights } from './trained-weights.ts';
import type { TrainingSettings } from './training-settings.ts';
import type { Named } from './variable-access.ts';
import { readVariable } from './variables.ts';

/** A network whose last blocks are variables of a graph; those before the cut, if they are in it at all, are constants. */
export interface TrainedNetwork {
  readonly inputShape: Shape;
  readonly variables: readonly TrainedVariable[];
  /** The moving averages of all trained BatchNorms, if they are learnt. */
  readonly averages: Named | undefined;
  /**
   * Writes the network once more, on the same variables.
   *
   * @param input what the settings say comes in; pictures may also be float32
   * @param seed of what is random in training, int32, []; if left out, the network is written as it is used later
   */
  forward(tape: Tape, input: GraphTensor, seed?: GraphTensor): Forward;
}

export interface Forward {
  logits: GraphTensor; // [n, classes]
  values: readonly GraphTensor[]; // of the variables, in their order, watched
  averages: GraphTensor | undefined; // after the step, if they are learnt
}

export function trainedNetwork(
  graph: Graph,
  topology: Topology,
  settings: Pick<TrainingSettings, 'blocks' | 'retrained' | 'input' | 'averages'>,
): TrainedNetwork {
  const cut = cutNetwork(topology, settings.blocks, settings.retrained);
  const variables = trainedVariables(graph, cut.trained);
  const learnt = settings.averages === 'learnt';
  const averages = learnt ? movingAverages(graph, cut.trained.keys()) : undefined;
  const constants = constantWeights(graph, topology);
  const order = [...topology.layers.values()];
  const start = settings.input === 'images' ? inputOf(topology) : layerOf(topology, cut.at);

  /** What the trained part takes in. */
  function atCut(tape: Tape, input: GraphTensor): ReadonlyMap<string, GraphTensor> {
    const numbers = input.dtype === 'uint8' ? pixelsOf(graph, input) : input;
    const known = new Map([[start.name, numbers]]);
    return writeForward(tape, topology, known, [cut.at], constants);
  }

  function forward(tape: Tape, input: GraphTensor, seed?: GraphTensor): Forward {
    const values = variables.map(({ variable }) => tape.watch(readVariable(graph, variable)));
    const parts = new Map(
      variables.flatMap((each, i) => partsOf(tape, each, values[i] as GraphTensor)),
    );
    if (averages) {
      const whole = readVariable(graph, averages.variable);
      for (const [name, value] of partsOf(tape, averages, whole)) parts.set(name, value);
    }

    const after = new Map<string, GraphTensor>(); // moving averages, by name
    const training = seed && {
      seed: (layer: Layer) => seedOf(graph, seed, order.indexOf(layer)),
      ...(averages && {
        keepAverages(norm: Layer, mean: GraphTensor, variance: GraphTensor) {
          after.set(weightName(norm, 'moving_mean'), mean);
          after.set(weightName(norm, 'moving_variance'), variance);
        },
      }),
    };
    const outputs = writeForward(
      tape,
      topology,
      atCut(tape, input),
      [topology.output],
      trainedWeights(tape, parts, constants),
      training,
    );
    const logits = outputs.get(topology.output) as GraphTensor;
    const joined = averages?.parts.map(({ name }) => after.get(name) as GraphTensor);
    return { logits, values, averages: seed && joined && join(tape, joined) };
  }

  return { inputShape: start.shape, variables, averages, forward };
}

/** Each layer draws for itself, and differently in each step. */
const seedOf = (graph: Graph, seed: GraphTensor, layer: number): GraphTensor =>
  graph.add(
    'Pack',
    [seed, graph.constant(Int32Array.of(layer), [])],
    { N: { int: 2 }, T: INT, axis: { int: 0 } },
    [2],
    { dtype: 'int32' },
  );
