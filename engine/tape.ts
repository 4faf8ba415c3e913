import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor } from './graph.ts';

/**
 * Writes the gradients of an operation's inputs, in their order, given the gradients of its outputs. Each is written only
 * when it is called for, so an input that needs no gradient costs nothing.
 */
export type GradientRule = (...dy: GraphTensor[]) => readonly (() => GraphTensor)[];

/** A record of the operations that depend on watched tensors, from which gradients are written (reverse mode). */
export interface Tape {
  readonly graph: Graph;
  /** Makes gradients with respect to this tensor available. To be called before the tensor is used. */
  watch(tensor: GraphTensor): GraphTensor;
  record(output: GraphTensor, inputs: readonly GraphTensor[], rule: GradientRule): GraphTensor;
  /** Records an operation with several outputs; the rule gets a gradient for each of them. */
  recordAll(
    outputs: readonly GraphTensor[],
    inputs: readonly GraphTensor[],
    rule: GradientRule,
  ): readonly GraphTensor[];
  /**
   * Writes the gradients of one tensor with respect to watched ones.
   *
   * @param seed the gradient of the objective with respect to `of`, of the same shape
   * @throws Error if `of` does not depend on one of `wanted`
   */
  gradients(
    of: GraphTensor,
    seed: GraphTensor,
    wanted: readonly GraphTensor[],
  ): readonly GraphTensor[];
}

interface Entry {
  outputs: readonly GraphTensor[];
  inputs: readonly GraphTensor[];
  rule: GradientRule;
}

export function newTape(graph: Graph): Tape {
  const watched = new Set<string>();
  const entries: Entry[] = [];

  const tape: Tape = {
    graph,
    watch(tensor) {
      watched.add(tensor.name);
      return tensor;
    },
    record(output, inputs, rule) {
      tape.recordAll([output], inputs, rule);
      return output;
    },
    recordAll(outputs, inputs, rule) {
      if (inputs.some(({ name }) => watched.has(name))) {
        for (const { name } of outputs) watched.add(name);
        entries.push({ outputs, inputs, rule });
      }
      return outputs;
    },
    gradients(of, seed, wanted) {
      const gradients = new Map([[of.name, seed]]);
      const accumulate = (name: string, part: GraphTensor) => {
        const sum = gradients.get(name);
        const total = sum ? graph.add('AddV2', [sum, part], { T: FLOAT }, part.shape) : part;
        gradients.set(name, total);
      };

      for (const { outputs, inputs, rule } of entries.toReversed()) {
        if (!outputs.some(({ name }) => gradients.has(name))) continue;
        const parts = rule(...outputs.map((y) => gradients.get(y.name) ?? zeros(graph, y)));
        for (const [index, { name }] of inputs.entries()) {
          if (watched.has(name)) accumulate(name, at(parts, index)());
        }
      }

      return wanted.map(({ name }) => {
        const gradient = gradients.get(name);
        if (!gradient) throw new Error(`${of.name} does not depend on ${name}.`);
        return gradient;
      });
    },
  };
  return tape;
}

/** The gradient of an output that nothing depends on. */
const zeros = (graph: Graph, output: GraphTensor): GraphTensor =>
  graph.add('ZerosLike', [output], { T: FLOAT }, output.shape);
