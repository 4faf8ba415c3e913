import { createRequire } from 'node:module';

// tfjs-node bundles TensorFlow's protobuf messages without types. These are the ones written here.

export interface Message {
  serializeBinary(): Uint8Array;
}
interface MessageMap<Value> {
  set(key: string, value: Value): void;
}
export interface AttrValueMessage extends Message {
  setType(type: number): void;
  setShape(shape: TensorShapeMessage): void;
  setTensor(tensor: TensorMessage): void;
  setS(bytes: Uint8Array): void;
  setB(value: boolean): void;
  setF(value: number): void;
  setI(value: number): void;
  setList(list: ListValueMessage): void;
}
interface ListValueMessage extends Message {
  setIList(values: readonly number[]): void;
}
export interface TensorShapeMessage extends Message {
  setDimList(dimensions: readonly DimensionMessage[]): void;
}
interface DimensionMessage extends Message {
  setSize(size: number): void;
}
interface TensorMessage extends Message {
  setDtype(type: number): void;
  setTensorShape(shape: TensorShapeMessage): void;
  setTensorContent(bytes: Uint8Array): void;
}
export interface NodeDefMessage extends Message {
  setName(name: string): void;
  setOp(operation: string): void;
  setInputList(inputs: readonly string[]): void;
  getAttrMap(): MessageMap<AttrValueMessage>;
}
export interface GraphDefMessage extends Message {
  setNodeList(nodes: readonly NodeDefMessage[]): void;
  setVersions(versions: VersionDefMessage): void;
}
interface VersionDefMessage extends Message {
  setProducer(version: number): void;
}
interface TensorInfoMessage extends Message {
  setName(name: string): void;
  setDtype(type: number): void;
  setTensorShape(shape: TensorShapeMessage): void;
}
export interface SignatureDefMessage extends Message {
  getInputsMap(): MessageMap<TensorInfoMessage>;
  getOutputsMap(): MessageMap<TensorInfoMessage>;
  setMethodName(name: string): void;
}
interface MetaInfoDefMessage extends Message {
  setTagsList(tags: readonly string[]): void;
}
interface MetaGraphDefMessage extends Message {
  setMetaInfoDef(info: MetaInfoDefMessage): void;
  setGraphDef(graph: GraphDefMessage): void;
  getSignatureDefMap(): MessageMap<SignatureDefMessage>;
}
interface SavedModelMessage extends Message {
  setSavedModelSchemaVersion(version: number): void;
  setMetaGraphsList(graphs: readonly MetaGraphDefMessage[]): void;
}

interface Messages {
  AttrValue: { new (): AttrValueMessage; ListValue: new () => ListValueMessage };
  TensorShape: { new (): TensorShapeMessage; Dim: new () => DimensionMessage };
  Tensor: new () => TensorMessage;
  NodeDef: new () => NodeDefMessage;
  GraphDef: new () => GraphDefMessage;
  VersionDef: new () => VersionDefMessage;
  TensorInfo: new () => TensorInfoMessage;
  SignatureDef: new () => SignatureDefMessage;
  MetaGraphDef: { new (): MetaGraphDefMessage; MetaInfoDef: new () => MetaInfoDefMessage };
  SavedModel: new () => SavedModelMessage;
}

const require = createRequire(import.meta.url);

export const messages = require('@tensorflow/tfjs-node/dist/proto/api_pb.js') as Messages;
