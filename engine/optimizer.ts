import { FLOAT, type Graph, type GraphTensor, scalar } from './graph.ts';
import { assignVariable, newVariable, type PackedVariable, readVariable } from './variables.ts';

/** The settings of AdamW (Loshchilov & Hutter 2019), whose weight decay is decoupled from the gradient. */
export interface AdamW {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number; // of kernels; vectors do not decay
}

/** A trained variable, with its inputs to one step. */
export interface Trained extends PackedVariable {
  value: GraphTensor; // before the step
  gradient: GraphTensor;
  learningRate: GraphTensor; // []
  decays: boolean;
}

/**
 * Writes one step of AdamW on all variables.
 *
 * @returns the updates, which have to run before the step ends; and the optimizer's state as variables: the number of
 * `steps`, and of a weight `kernel` its `kernel/first_moment` and `kernel/second_moment`
 */
export function writeAdamW(
  graph: Graph,
  { beta1, beta2, epsilon, weightDecay }: AdamW,
  all: readonly Trained[],
): { updates: readonly GraphTensor[]; state: readonly PackedVariable[] } {
  const steps = newVariable(graph, 'optimizer/steps', []);
  const before = readVariable(graph, steps);
  const step = graph.add('AddV2', [before, scalar(graph, 1)], { T: FLOAT }, []); // 1 in the first
  const betas = [beta1, beta2].map((beta) => scalar(graph, beta));
  const powers = betas.map((beta) => graph.add('Pow', [beta, step], { T: FLOAT }, []));
  const constants = [...betas, scalar(graph, epsilon)];

  const updates = [assignVariable(graph, steps, step)];
  const state: PackedVariable[] = [{ variable: steps, parts: [{ name: 'steps', length: 1 }] }];
  for (const trained of all) {
    const { variable, parts, learningRate, gradient } = trained;
    const moments = ['first_moment', 'second_moment'].map((moment) => ({
      variable: newVariable(graph, `optimizer/${variable.name}/${moment}`, variable.shape),
      parts: parts.map(({ name, length }) => ({ name: `${name}/${moment}`, length })),
    }));
    const after =
      trained.decays && weightDecay > 0 ? [writeDecay(graph, trained, weightDecay)] : [];
    const handles = [variable, ...moments.map((moment) => moment.variable)].map(
      ({ handle }) => handle,
    );
    const inputs = [...handles, ...powers, learningRate, ...constants, gradient];
    const attributes = { T: FLOAT, use_locking: false, use_nesterov: false };
    updates.push(graph.add('ResourceApplyAdam', inputs, attributes, [], { after }));
    state.push(...moments);
  }
  return { updates, state };
}

/** Shrinks a variable by learningRate * weightDecay. */
function writeDecay(
  graph: Graph,
  { variable, value, learningRate }: Trained,
  weightDecay: number,
): GraphTensor {
  const loss = graph.add('Mul', [learningRate, scalar(graph, weightDecay)], { T: FLOAT }, []);
  const kept = graph.add('Sub', [scalar(graph, 1), loss], { T: FLOAT }, []);
  const decayed = graph.add('Mul', [value, kept], { T: FLOAT }, variable.shape);
  return assignVariable(graph, variable, decayed);
}

/**
 * Scales gradients down by a common factor where their global norm exceeds a limit.
 *
 * @param clipNorm the limit; undefined for none
 * @returns also the norm before clipping
 */
export function clipByGlobalNorm(
  graph: Graph,
  gradients: readonly GraphTensor[],
  clipNorm: number | undefined,
): { clipped: readonly GraphTensor[]; norm: GraphTensor } {
  const halfSquares = gradients.map((each) => graph.add('L2Loss', [each], { T: FLOAT }, []));
  const attributes = { N: { int: halfSquares.length }, T: FLOAT };
  const halfSquare = graph.add('AddN', halfSquares, attributes, []);
  const square = graph.add('Mul', [halfSquare, scalar(graph, 2)], { T: FLOAT }, []);
  const norm = graph.add('Sqrt', [square], { T: FLOAT }, []);
  if (clipNorm === undefined) return { clipped: gradients, norm };

  const limit = scalar(graph, clipNorm);
  const larger = graph.add('Maximum', [norm, limit], { T: FLOAT }, []);
  const factor = graph.add('RealDiv', [limit, larger], { T: FLOAT }, []);
  const clipped = gradients.map((each) =>
    graph.add('Mul', [each, factor], { T: FLOAT }, each.shape),
  );
  return { clipped, norm };
}
