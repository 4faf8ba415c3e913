import { at, lookUp } from '#core/at.ts';
import { writeForward } from './forward.ts';
import { pixelsOf } from './frozen-prefix.ts';
import { type Graph, type GraphTensor, type Shape, sizeOf } from './graph.ts';
import { reshape, split } from './ops/shape.ts';
import type { Tape } from './tape.ts';
import {
  cutNetwork,
  inputOf,
  type Layer,
  type Topology,
  type WeightRole,
  weightName,
} from './topology.ts';
import { newVariable, type PackedVariable, readVariable } from './variables.ts';
import { constantWeights, trainedWeights } from './weights.ts';

/** Which part of a network is trained. */
export interface TrainedPart {
  /** The layer that each block ends with, in order; the layers after the last one are the head. */
  blockOutputs: readonly string[];
  /** How many of the last blocks are trained, besides the head; all others are frozen. */
  retrained: number;
  /** The input of the graph: images, or the outputs of the frozen layers that the trained part takes (`Cut.inputs`). */
  input: 'images' | 'activations';
}

/** A network whose trained part has variables as weights; the frozen part, if it is in the graph at all, has constants. */
export interface TrainableNetwork {
  /** Of several activations, [-1, d]: the values of all of them, one after the other in a row for each example. */
  readonly inputShape: Shape;
  readonly variables: readonly TrainedVariable[];
  /** Writes the network on these variables; each call writes it once more. */
  forward(tape: Tape, input: GraphTensor): Forward;
}

export interface TrainedVariable extends PackedVariable {
  block: number; // 0 is the first trained one; the last one is the head
  isKernel: boolean;
}

export interface Forward {
  logits: GraphTensor; // [n, classes]
  values: readonly GraphTensor[]; // of the variables, in their order, watched on the tape
}

export function trainableNetwork(
  graph: Graph,
  topology: Topology,
  { blockOutputs, retrained, input }: TrainedPart,
): TrainableNetwork {
  const cut = cutNetwork(topology, blockOutputs, retrained);
  const variables = trainedVariables(graph, cut.trained);
  const constants = constantWeights(graph, topology);
  const names = cut.inputs.map(({ name }) => name);

  function forward(tape: Tape, fed: GraphTensor): Forward {
    const values = variables.map(({ variable }) => tape.watch(readVariable(graph, variable)));
    const parts = new Map(variables.flatMap((each, i) => partsOf(tape, each, at(values, i))));
    const weights = trainedWeights(tape, parts, constants);

    const pixels = () => new Map([[inputOf(topology).name, pixelsOf(graph, fed)]]);
    const taken =
      input === 'images'
        ? writeForward(tape, topology, pixels(), names, constants)
        : activationsIn(tape, fed, cut.inputs);
    const outputs = writeForward(tape, topology, taken, [topology.output], weights);
    return { logits: lookUp(outputs, topology.output), values };
  }

  const inputShape = input === 'images' ? inputOf(topology).shape : activationShape(cut.inputs);
  return { inputShape, variables, forward };
}

function activationShape(layers: readonly Layer[]): Shape {
  if (layers.length === 1) return at(layers, 0).shape;
  return [-1, layers.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1)), 0)];
}

/**
 * The outputs of frozen layers, by name.
 *
 * @param fed of the shape that `activationShape` gives
 */
function activationsIn(
  tape: Tape,
  fed: GraphTensor,
  layers: readonly Layer[],
): ReadonlyMap<string, GraphTensor> {
  if (layers.length === 1) return new Map([[at(layers, 0).name, fed]]);
  const sizes = layers.map(({ shape }) => sizeOf(shape.slice(1)));
  const pieces = split(tape, fed, sizes);
  return new Map(
    layers.map(({ name, shape }, i) => [name, reshape(tape, at(pieces, i), shape)] as const),
  );
}

/**
 * Creates the variables of the trained layers: one for each kernel, and one for all vectors of a block.
 *
 * Vectors are most of the weights by number and a tiny part by size. As variables of their own, each would cost the
 * optimizer as many calls as a kernel.
 */
function trainedVariables(
  graph: Graph,
  layers: ReadonlyMap<Layer, number>,
): readonly TrainedVariable[] {
  const kernels: TrainedVariable[] = [];
  const vectors = new Map<number, { name: string; length: number }[]>(); // by block
  for (const [layer, block] of layers) {
    for (const [role, shape] of Object.entries(layer.weights)) {
      const name = weightName(layer, role as WeightRole);
      const part = { name, length: sizeOf(shape) };
      if (role === 'kernel') {
        const variable = newVariable(graph, name, shape);
        kernels.push({ variable, parts: [part], block, isKernel: true });
      } else if (role === 'gamma' || role === 'beta' || role === 'bias') {
        const parts = vectors.get(block) ?? [];
        parts.push(part);
        vectors.set(block, parts);
      }
    }
  }
  const packed = [...vectors].map(([block, parts]) => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const variable = newVariable(graph, `vectors/${block}`, [length]);
    return { variable, parts, block, isKernel: false };
  });
  return [...kernels, ...packed];
}

/** The weights that are packed into a variable, by name. */
function partsOf(
  tape: Tape,
  { parts }: PackedVariable,
  packed: GraphTensor,
): [string, GraphTensor][] {
  if (parts.length === 1) return [[at(parts, 0).name, packed]]; // a kernel keeps its shape
  const lengths = parts.map(({ length }) => length);
  const pieces = split(tape, packed, lengths);
  return parts.map(({ name }, i) => [name, at(pieces, i)]);
}
