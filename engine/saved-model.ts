import { DATA_TYPES, type Graph, type GraphTensor, shapeMessage } from './graph.ts';
import { messages } from './protobuf.ts';

/** What can be asked of a graph: a name, what goes in and what comes out. */
export interface Signature {
  name: string;
  inputs: Readonly<Record<string, GraphTensor>>;
  outputs: Readonly<Record<string, GraphTensor>>;
}

export const SAVED_MODEL_FILE = 'saved_model.pb';

/** A graph as TensorFlow's SavedModel: the bytes of `saved_model.pb`, which needs no other file beside it. */
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

/** `node:output`, as sessions want it. */
export const fullName = ({ name }: GraphTensor): string =>
  name.includes(':') ? name : `${name}:0`;
