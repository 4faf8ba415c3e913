import { FLOAT, type Graph, type GraphTensor } from './graph.ts';

/**
 * The gradient of each input of an operation, given that of its output, each written only when it is asked for:
 * what nobody wants the gradient of costs nothing.
 */
export type GradientRule = (dy: GraphTensor) => readonly (() => GraphTensor)[];

/** What was computed from what, so that gradients can be written: only of what depends on a watched tensor. */
export interface Tape {
  readonly graph: Graph;
  /** From here on gradients with respect to this tensor can be asked for. */
  watch<T extends GraphTensor>(tensor: T): T;
  record(output: GraphTensor, inputs: readonly GraphTensor[], rule: GradientRule): GraphTensor;
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

export function newTape(graph: Graph): Tape {
  const watched = new Set<string>();
  const records: { output: string; inputs: readonly string[]; rule: GradientRule }[] = [];

  return {
    graph,
    watch(tensor) {
      watched.add(tensor.name);
      return tensor;
    },
    record(output, inputs, rule) {
      if (inputs.some(({ name }) => watched.has(name))) {
        watched.add(output.name);
        records.push({ output: output.name, inputs: inputs.map(({ name }) => name), rule });
      }
      return output;
    },
    gradients(of, seed, wanted) {
      const gradients = new Map([[of.name, seed]]);
      const add = (name: string, part: GraphTensor) => {
        const sum = gradients.get(name);
        const whole = sum ? graph.add('AddV2', [sum, part], { T: FLOAT }, part.shape) : part;
        gradients.set(name, whole);
      };

      for (const { output, inputs, rule } of records.toReversed()) {
        const dy = gradients.get(output);
        if (!dy) continue;
        const parts = rule(dy);
        for (const [index, input] of inputs.entries()) {
          const part = parts[index];
          if (watched.has(input) && part) add(input, part());
        }
      }

      return wanted.map(({ name }) => {
        const gradient = gradients.get(name);
        if (!gradient) throw new Error(`${name} has no part in ${of.name}.`);
        return gradient;
      });
    },
  };
}
