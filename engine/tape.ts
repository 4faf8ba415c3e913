import { FLOAT, type Graph, type GraphTensor } from './graph.ts';
import { sizeOf } from './topology.ts';

/**
 * The gradient of each input of an operation, given that of its output, each written only when it is asked for:
 * what nobody wants the gradient of costs nothing.
 */
export type GradientRule = (...dy: GraphTensor[]) => readonly (() => GraphTensor)[];

/** What was computed from what, so that gradients can be written: only of what depends on a watched tensor. */
export interface Tape {
  readonly graph: Graph;
  /** From here on gradients with respect to this tensor can be asked for. */
  watch(tensor: GraphTensor): GraphTensor;
  record(output: GraphTensor, inputs: readonly GraphTensor[], rule: GradientRule): GraphTensor;
  /** The same for an operation of several outputs; the rule gets a gradient for each of them. */
  recordAll(
    outputs: readonly GraphTensor[],
    inputs: readonly GraphTensor[],
    rule: GradientRule,
  ): readonly GraphTensor[];
  /**
   * Writes the gradients of one tensor with respect to watched ones.
   *
   * @param seed the gradient of whatever is minimised with respect to `of`, of the same shape
   * @throws Error if one of `wanted` has no part in `of`
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
      const add = (name: string, part: GraphTensor) => {
        const sum = gradients.get(name);
        const whole = sum ? graph.add('AddV2', [sum, part], { T: FLOAT }, part.shape) : part;
        gradients.set(name, whole);
      };

      for (const { outputs, inputs, rule } of entries.toReversed()) {
        if (!outputs.some(({ name }) => gradients.has(name))) continue;
        const parts = rule(...outputs.map((y) => gradients.get(y.name) ?? zeros(graph, y)));
        for (const [index, { name }] of inputs.entries()) {
          const part = parts[index];
          if (watched.has(name) && part) add(name, part());
        }
      }

      return wanted.map(({ name }) => {
        const gradient = gradients.get(name);
        if (!gradient) throw new Error(`${name} has no part in ${of.name}.`);
        return gradient;
      });
    },
  };
  return tape;
}

const zeros = (graph: Graph, { shape }: GraphTensor): GraphTensor =>
  graph.constant(new Float32Array(sizeOf(shape)), shape);
