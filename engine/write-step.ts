import { clipByGlobalNorm } from './global-norm.ts';
import { FLOAT, type Graph, type GraphTensor, INT, integers, scalar } from './graph.ts';
import { writeOptimizer } from './optimizer.ts';
import { softmaxCrossEntropy } from './rules/softmax-cross-entropy.ts';
import { newTape } from './tape.ts';
import type { TrainedNetwork } from './trained-network.ts';
import type { TrainingSettings } from './training-settings.ts';
import type { Named } from './variable-access.ts';
import { assignVariable } from './variables.ts';

/** What one step is fed with. */
export interface StepFeeds {
  input: GraphTensor; // [n, …], uint8 pictures or float32 activations
  labels: GraphTensor; // int32 [n]
  importance: GraphTensor; // [n], how much each example counts
  rate: GraphTensor; // [], by which all learning rates are multiplied
  seed: GraphTensor; // int32 [], of what is random
}

/**
 * Writes one step of gradient descent: forward, backward, and the change of all variables.
 *
 * Every change comes after every read, because each gradient depends on the loss, and the loss on all variables.
 *
 * @returns `report`, [2]: the loss and the length of the gradient before the step; fetching it takes the step
 */
export function writeStep(
  graph: Graph,
  network: TrainedNetwork,
  { input, labels, importance, rate, seed }: StepFeeds,
  settings: TrainingSettings,
): { report: GraphTensor; memory: readonly Named[] } {
  const tape = newTape(graph);
  const { logits, values, averages } = network.forward(tape, input, seed);
  const losses = softmaxCrossEntropy(tape, logits, labels, settings.labelSmoothing ?? 0); // [n]
  const shares = sharesOf(graph, labels, importance, settings.classWeights); // [n]
  const loss = sum(graph, graph.add('Mul', [losses, shares], { T: FLOAT }, losses.shape));

  const gradients = tape.gradients(losses, shares, values);
  const { clipped, norm } = clipByGlobalNorm(graph, gradients, settings.longestGradient);

  if (settings.learningRates.length !== settings.retrained + 1) {
    throw new Error('Each trained block and the head need a learning rate.');
  }
  const rates = settings.learningRates.map((each) =>
    graph.add('Mul', [rate, scalar(graph, each)], { T: FLOAT }, []),
  );
  const trained = network.variables.map(({ variable, parts, block, isKernel }, i) => ({
    variable,
    parts,
    value: values[i] as GraphTensor,
    gradient: clipped[i] as GraphTensor,
    rate: rates[block] as GraphTensor,
    decays: isKernel,
  }));
  const { changes, memory } = writeOptimizer(graph, settings.optimizer, trained);
  const after = [...changes];
  if (averages && network.averages) {
    after.push(assignVariable(graph, network.averages.variable, averages));
  }

  const both = graph.add('Pack', [loss, norm], { N: { int: 2 }, T: FLOAT, axis: { int: 0 } }, [2]);
  const report = graph.add('Identity', [both], { T: FLOAT }, [2], { after });
  return { report, memory };
}

/**
 * How much each example counts in the mean: its own share of the batch's importance, times that of its class. So an example
 * that only fills up a batch, of an importance of 0, changes nothing.
 */
function sharesOf(
  graph: Graph,
  labels: GraphTensor,
  importance: GraphTensor,
  classWeights: readonly number[] | undefined,
): GraphTensor {
  const total = sum(graph, importance);
  const shares = graph.add('DivNoNan', [importance, total], { T: FLOAT }, importance.shape);
  if (!classWeights) return shares;
  const table = graph.constant(Float32Array.from(classWeights), [classWeights.length]);
  const axis = graph.constant(Int32Array.of(0), []);
  const attributes = { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: { int: 0 } };
  const own = graph.add('GatherV2', [table, labels, axis], attributes, importance.shape);
  return graph.add('Mul', [shares, own], { T: FLOAT }, importance.shape);
}

const sum = (graph: Graph, vector: GraphTensor): GraphTensor =>
  graph.add('Sum', [vector, integers(graph, [0])], { T: FLOAT, Tidx: INT, keep_dims: false }, []);
