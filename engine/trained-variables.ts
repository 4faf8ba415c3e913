import type { Graph, GraphTensor } from './graph.ts';
import { type Layer, type WeightRole, weightName } from './layer.ts';
import { split } from './rules/join.ts';
import type { Tape } from './tape.ts';
import { sizeOf } from './topology.ts';
import type { Named } from './variable-access.ts';
import { newVariable } from './variables.ts';

/** A variable that is trained. */
export interface TrainedVariable extends Named {
  block: number;
  isKernel: boolean;
}

/**
 * Makes the variables of the trained layers: one for each kernel, and one for all vectors of a block.
 *
 * The vectors are most of the weights by number and next to nothing by size: each for itself would cost the optimizer
 * as many calls as a kernel.
 */
export function trainedVariables(
  graph: Graph,
  layers: ReadonlyMap<Layer, number>,
): readonly TrainedVariable[] {
  const kernels: TrainedVariable[] = [];
  const vectors = new Map<number, Named['parts'][number][]>();
  for (const [layer, block] of layers) {
    for (const [role, shape] of Object.entries(layer.weights)) {
      const name = weightName(layer, role as WeightRole);
      const part = { name, length: sizeOf(shape) };
      if (role === 'kernel') {
        const variable = newVariable(graph, name, shape);
        kernels.push({ variable, parts: [part], block, isKernel: true });
      } else if (role === 'gamma' || role === 'beta' || role === 'bias') {
        vectors.set(block, [...(vectors.get(block) ?? []), part]);
      }
    }
  }
  const joined = [...vectors].map(([block, parts]) => ({
    variable: vectorVariable(graph, `vectors/${block}`, parts),
    parts,
    block,
    isKernel: false,
  }));
  return [...kernels, ...joined];
}

/** Makes the variable of all moving averages of the trained layers, if there are any. */
export function movingAverages(graph: Graph, layers: Iterable<Layer>): Named | undefined {
  const parts = [...layers].flatMap((layer) =>
    (['moving_mean', 'moving_variance'] as const).flatMap((role) => {
      const shape = layer.weights[role];
      return shape ? [{ name: weightName(layer, role), length: sizeOf(shape) }] : [];
    }),
  );
  if (parts.length === 0) return undefined;
  return { variable: vectorVariable(graph, 'averages', parts), parts };
}

function vectorVariable(graph: Graph, name: string, parts: Named['parts']) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return newVariable(graph, name, [length]);
}

/** The values of a variable's parts, cut out of the whole. */
export function partsOf(tape: Tape, { parts }: Named, whole: GraphTensor): [string, GraphTensor][] {
  if (parts.length === 1) return [[parts[0]?.name ?? '', whole]]; // a kernel keeps its shape
  const pieces = split(
    tape,
    whole,
    parts.map(({ length }) => length),
  );
  return parts.map(({ name }, i) => [name, pieces[i] as GraphTensor]);
}
