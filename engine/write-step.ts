import { at } from '#core/at.ts';
import { FLOAT, type Graph, type GraphTensor, INT, integers, scalar } from './graph.ts';
import { softmaxCrossEntropy } from './ops/loss.ts';
import { type AdamW, clipByGlobalNorm, writeAdamW } from './optimizer.ts';
import { newTape } from './tape.ts';
import type { TrainableNetwork, TrainedPart } from './trainable-network.ts';
import type { PackedVariable } from './variables.ts';

/** How a network is trained. */
export interface StepSettings extends TrainedPart {
  optimizer: AdamW;
  /** One per trained block in order, and the last one for the head. */
  learningRates: readonly number[];
  /** The largest global norm of the gradients; larger ones are clipped. */
  clipNorm?: number;
  /** The weight of each class in the loss; 1 if left out. */
  classWeights?: readonly number[];
  /** The part of each target that all classes share equally; 0 if left out. */
  labelSmoothing?: number;
}

/** The placeholders of one step. */
export interface StepFeeds {
  input: GraphTensor; // [n, …], uint8 images or float32 activations
  labels: GraphTensor; // int32 [n]
  learningRateScale: GraphTensor; // [], multiplies all learning rates
}

/**
 * Writes one step of gradient descent: forward pass, backward pass and the update of all variables.
 *
 * Every update runs after every read, because each gradient depends on the loss, and the loss on all variables.
 *
 * @returns `report`, [2]: the loss and the norm of the gradients before the step, which is taken when it is fetched; and
 * the state of the optimizer
 */
export function writeStep(
  graph: Graph,
  network: TrainableNetwork,
  { input, labels, learningRateScale }: StepFeeds,
  settings: StepSettings,
): { report: GraphTensor; state: readonly PackedVariable[] } {
  if (settings.learningRates.length !== settings.retrained + 1) {
    throw new Error('Each trained block and the head need a learning rate.');
  }
  const tape = newTape(graph);
  const { logits, values } = network.forward(tape, input);
  const losses = softmaxCrossEntropy(tape, logits, labels, settings.labelSmoothing); // [n]
  const weights = exampleWeights(graph, labels, settings.classWeights); // [n]
  const weighted = graph.add('Mul', [losses, weights], { T: FLOAT }, losses.shape);
  const attributes = { T: FLOAT, Tidx: INT, keep_dims: false };
  const loss = graph.add('Sum', [weighted, integers(graph, [0])], attributes, []);

  const gradients = tape.gradients(losses, weights, values);
  const { clipped, norm } = clipByGlobalNorm(graph, gradients, settings.clipNorm);
  const learningRates = settings.learningRates.map((each) =>
    graph.add('Mul', [learningRateScale, scalar(graph, each)], { T: FLOAT }, []),
  );
  const trained = network.variables.map(({ variable, parts, block, isKernel }, i) => ({
    variable,
    parts,
    value: at(values, i),
    gradient: at(clipped, i),
    learningRate: at(learningRates, block),
    decays: isKernel,
  }));
  const { updates, state } = writeAdamW(graph, settings.optimizer, trained);

  const both = graph.add('Pack', [loss, norm], { N: { int: 2 }, T: FLOAT, axis: { int: 0 } }, [2]);
  const report = graph.add('Identity', [both], { T: FLOAT }, [2], { after: updates });
  return { report, state };
}

/** The weight of each example in the loss, [n]: 1 / n, times the weight of its class. */
function exampleWeights(
  graph: Graph,
  labels: GraphTensor,
  classWeights: readonly number[] | undefined,
): GraphTensor {
  const toFloat = { SrcT: INT, DstT: FLOAT, Truncate: false };
  const floats = graph.add('Cast', [labels], toFloat, labels.shape);
  const ones = graph.add('OnesLike', [floats], { T: FLOAT }, labels.shape);
  const size = graph.add('Size', [floats], { T: FLOAT, out_type: INT }, [], { dtype: 'int32' });
  const n = graph.add('Cast', [size], toFloat, []);
  const uniform = graph.add('RealDiv', [ones, n], { T: FLOAT }, labels.shape);
  if (!classWeights) return uniform;

  const table = graph.constant(Float32Array.from(classWeights), [classWeights.length]);
  const axis = graph.constant(Int32Array.of(0), []);
  const attributes = { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: { int: 0 } };
  const ofClass = graph.add('GatherV2', [table, labels, axis], attributes, labels.shape);
  return graph.add('Mul', [uniform, ofClass], { T: FLOAT }, labels.shape);
}
