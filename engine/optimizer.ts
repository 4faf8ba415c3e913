import { FLOAT, type Graph, type GraphTensor, scalar } from './graph.ts';
import type { Named } from './variable-access.ts';
import { assignVariable, newVariable, readVariable } from './variables.ts';

export type Optimizer =
  | { kind: 'adamw'; beta1: number; beta2: number; epsilon: number; weightDecay: number }
  | { kind: 'sgd'; momentum: number; weightDecay: number };

/** A variable that is trained, with what one step needs of it. */
export interface Trained extends Named {
  value: GraphTensor; // before the step
  gradient: GraphTensor;
  rate: GraphTensor; // [], how far to go
  decays: boolean;
}

/**
 * Writes what an optimizer does with all variables in one step.
 *
 * @returns the changes, which have to come before the end of the step; and all that the optimizer remembers, in
 * variables: of a weight `kernel` perhaps `kernel/momentum`, and how many `steps` it took
 */
export function writeOptimizer(
  graph: Graph,
  optimizer: Optimizer,
  all: readonly Trained[],
): { changes: readonly GraphTensor[]; memory: readonly Named[] } {
  const steps = newVariable(graph, 'optimizer/steps', []);
  const taken = readVariable(graph, steps);
  const number = graph.add('AddV2', [taken, scalar(graph, 1)], { T: FLOAT }, []); // 1 at the first
  const rule = optimizer.kind === 'adamw' ? adam(graph, optimizer, number) : sgd(graph, optimizer);

  const changes = [assignVariable(graph, steps, number)];
  const memory: Named[] = [{ variable: steps, parts: [{ name: 'steps', length: 1 }] }];
  for (const trained of all) {
    const { variable, parts, decays } = trained;
    const slots = rule.slots.map((slot) => ({
      variable: newVariable(graph, `optimizer/${variable.name}/${slot}`, variable.shape),
      parts: parts.map(({ name, length }) => ({ name: `${name}/${slot}`, length })),
    }));
    const decayed =
      decays && optimizer.weightDecay > 0 ? [decay(graph, trained, optimizer.weightDecay)] : [];
    const handles = slots.map((slot) => slot.variable.handle);
    changes.push(rule.apply(trained, handles, decayed));
    memory.push(...slots);
  }
  return { changes, memory };
}

/** Decoupled from the gradient (Loshchilov & Hutter 2019): the weights shrink by rate * weightDecay before the step. */
function decay(graph: Graph, { variable, value, rate }: Trained, weightDecay: number): GraphTensor {
  const loss = graph.add('Mul', [rate, scalar(graph, weightDecay)], { T: FLOAT }, []);
  const kept = graph.add('Sub', [scalar(graph, 1), loss], { T: FLOAT }, []);
  const decayed = graph.add('Mul', [value, kept], { T: FLOAT }, variable.shape);
  return assignVariable(graph, variable, decayed);
}

interface UpdateRule {
  slots: readonly string[];
  apply(
    trained: Trained,
    slots: readonly GraphTensor[],
    after: readonly GraphTensor[],
  ): GraphTensor;
}

const UNLOCKED = { T: FLOAT, use_locking: false, use_nesterov: false };

function adam(
  graph: Graph,
  { beta1, beta2, epsilon }: Extract<Optimizer, { kind: 'adamw' }>,
  step: GraphTensor,
): UpdateRule {
  const betas = [beta1, beta2].map((beta) => scalar(graph, beta));
  const powers = betas.map((beta) => graph.add('Pow', [beta, step], { T: FLOAT }, []));
  const rest = [...betas, scalar(graph, epsilon)];
  return {
    slots: ['first_moment', 'second_moment'],
    apply({ variable, rate, gradient }, moments, after) {
      const inputs = [variable.handle, ...moments, ...powers, rate, ...rest, gradient];
      return graph.add('ResourceApplyAdam', inputs, UNLOCKED, [], { after });
    },
  };
}

function sgd(graph: Graph, optimizer: Extract<Optimizer, { kind: 'sgd' }>): UpdateRule {
  const momentum = scalar(graph, optimizer.momentum);
  return {
    slots: ['momentum'],
    apply({ variable, rate, gradient }, slots, after) {
      const inputs = [variable.handle, ...slots, rate, gradient, momentum];
      return graph.add('ResourceApplyMomentum', inputs, UNLOCKED, [], { after });
    },
  };
}
