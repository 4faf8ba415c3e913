import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lookUp } from '#core/at.ts';
import { writeForward } from './forward.ts';
import { DATA_TYPES, type Graph, type GraphTensor, newGraph, shapeMessage } from './graph.ts';
import { softmax } from './ops/activation.ts';
import { rescale } from './ops/arithmetic.ts';
import { messages } from './protobuf.ts';
import { newTape } from './tape.ts';
import { inputOf, type Topology } from './topology.ts';
import { constantWeights } from './weights.ts';

export const SAVED_MODEL_FILE = 'saved_model.pb';

/**
 * Writes a network as a SavedModel of one file, for TensorFlow in Python, tfjs-node and TensorFlow Serving.
 *
 * Its signature, `serving_default`, takes `pixels`, float32 [n, height, width, channels], 0 to 255, and returns `logits`
 * and `probabilities`, both [n, classes].
 *
 * @param temperature the logits are divided by it before the softmax
 */
export async function writeSavedModel(
  topology: Topology,
  folder: string,
  temperature = 1,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, SAVED_MODEL_FILE), servedModelBytes(topology, temperature));
}

function servedModelBytes(topology: Topology, temperature: number): Uint8Array {
  const graph = newGraph();
  const tape = newTape(graph);
  const input = inputOf(topology);
  const pixels = graph.placeholder('pixels', 'float32', input.shape);
  const outputs = writeForward(
    tape,
    topology,
    new Map([[input.name, pixels]]),
    [topology.output],
    constantWeights(graph, topology),
  );
  const logits = lookUp(outputs, topology.output);
  const probabilities = softmax(graph, rescale(tape, logits, 1 / temperature, 0));
  const signature = {
    name: 'serving_default',
    inputs: { pixels },
    outputs: { logits, probabilities },
  };
  return savedModelBytes(graph, [signature]);
}

/** A function of a graph under a name, with its named inputs and outputs. */
export interface Signature {
  name: string;
  inputs: Readonly<Record<string, GraphTensor>>;
  outputs: Readonly<Record<string, GraphTensor>>;
}

/** A graph in TensorFlow's SavedModel format: the bytes of `saved_model.pb`, which needs no other file beside it. */
export function savedModelBytes(graph: Graph, signatures: readonly Signature[]): Uint8Array {
  const information = new messages.MetaGraphDef.MetaInfoDef();
  information.setTagsList(['serve']);
  const metaGraph = new messages.MetaGraphDef();
  metaGraph.setMetaInfoDef(information);
  metaGraph.setGraphDef(graph.message());
  for (const signature of signatures) {
    metaGraph.getSignatureDefMap().set(signature.name, signatureMessage(signature));
  }
  const savedModel = new messages.SavedModel();
  savedModel.setSavedModelSchemaVersion(1);
  savedModel.setMetaGraphsList([metaGraph]);
  return savedModel.serializeBinary();
}

function signatureMessage({ inputs, outputs }: Signature) {
  const message = new messages.SignatureDef();
  for (const [key, tensor] of Object.entries(inputs)) {
    message.getInputsMap().set(key, tensorInfo(tensor));
  }
  for (const [key, tensor] of Object.entries(outputs)) {
    message.getOutputsMap().set(key, tensorInfo(tensor));
  }
  message.setMethodName('tensorflow/serving/predict');
  return message;
}

function tensorInfo(tensor: GraphTensor) {
  const message = new messages.TensorInfo();
  message.setName(fullName(tensor));
  message.setDtype(DATA_TYPES[tensor.dtype]);
  message.setTensorShape(shapeMessage(tensor.shape));
  return message;
}

/** `node:output`, the form that sessions and signatures need. */
export const fullName = ({ name }: GraphTensor): string =>
  name.includes(':') ? name : `${name}:0`;
