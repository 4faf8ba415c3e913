import { at } from '#core/at.ts';
import {
  type AttrValueMessage,
  type GraphDefMessage,
  messages,
  type NodeDefMessage,
} from './protobuf.ts';

/** TensorFlow's numbers for the types used here (`DataType` in its types.proto). */
export const DATA_TYPES = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  bool: 10,
  resource: 20,
} as const;
export type DataType = keyof typeof DATA_TYPES;

export const FLOAT = { type: 'float32' } as const;
export const INT = { type: 'int32' } as const;

/** The sizes of a tensor's axes; -1 is the number of examples, known only when the graph runs. */
export type Shape = readonly number[];

/** The number of elements. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** The size of the last axis: of images and features, the channels. */
export const lastSize = (shape: Shape): number => at(shape, shape.length - 1);

/** One output of a node, which other nodes take as input. */
export interface GraphTensor {
  readonly name: string; // of the node; `node:1` is its second output
  readonly dtype: DataType;
  readonly shape: Shape;
}

export type Attribute =
  | { type: DataType }
  | { shape: Shape }
  | { float: number }
  | { int: number }
  | { ints: readonly number[] }
  | string
  | boolean;

export interface NodeOptions {
  name?: string;
  dtype?: DataType; // of the output; float32 if left out
  after?: readonly GraphTensor[]; // nodes that have to run first although their outputs are not used
}

/** A TensorFlow graph being written. */
export interface Graph {
  /** Adds a node, and returns its first output. */
  add(
    operation: string,
    inputs: readonly GraphTensor[],
    attributes: Record<string, Attribute>,
    shape: Shape,
    options?: NodeOptions,
  ): GraphTensor;
  placeholder(name: string, dtype: DataType, shape: Shape): GraphTensor;
  constant(values: Float32Array | Int32Array, shape: Shape): GraphTensor;
  readonly size: number; // in nodes
  message(): GraphDefMessage;
}

// The version that TensorFlow 2.21 writes. Older releases read it too: nothing here depends on what it stands for.
const PRODUCER = 1882;

export function newGraph(): Graph {
  const nodes: NodeDefMessage[] = [];
  const names = new Set<string>();

  function write(
    operation: string,
    inputs: readonly string[],
    attributes: Record<string, AttrValueMessage>,
    givenName: string | undefined,
  ): string {
    const name = givenName ?? `${operation}_${nodes.length}`;
    if (names.has(name)) throw new Error(`The graph already has a node named ${name}.`);
    names.add(name);
    const node = new messages.NodeDef();
    node.setName(name);
    node.setOp(operation);
    node.setInputList(inputs);
    for (const [key, value] of Object.entries(attributes)) node.getAttrMap().set(key, value);
    nodes.push(node);
    return name;
  }

  const graph: Graph = {
    add(operation, inputs, attributes, shape, { name, dtype = 'float32', after = [] } = {}) {
      const sources = [...inputs.map((input) => input.name), ...after.map(control)];
      const encoded = Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, attribute(value)]),
      );
      return { name: write(operation, sources, encoded, name), dtype, shape };
    },
    placeholder: (name, dtype, shape) =>
      graph.add('Placeholder', [], { dtype: { type: dtype }, shape: { shape } }, shape, {
        name,
        dtype,
      }),
    constant(values, shape) {
      const dtype = values instanceof Int32Array ? 'int32' : 'float32';
      const value = new messages.AttrValue();
      value.setTensor(tensorMessage(values, dtype, shape));
      const attributes = { dtype: attribute({ type: dtype }), value };
      return { name: write('Const', [], attributes, undefined), dtype, shape };
    },
    get size() {
      return nodes.length;
    },
    message() {
      const versions = new messages.VersionDef();
      versions.setProducer(PRODUCER);
      const message = new messages.GraphDef();
      message.setNodeList(nodes);
      message.setVersions(versions);
      return message;
    },
  };
  return graph;
}

/** Another output of the node whose first output is given. */
export const outputOf = (first: GraphTensor, index: number, shape: Shape): GraphTensor => ({
  ...first,
  name: `${first.name}:${index}`,
  shape,
});

export const scalar = (graph: Graph, value: number): GraphTensor =>
  graph.constant(Float32Array.of(value), []);

export const integers = (graph: Graph, values: readonly number[]): GraphTensor =>
  graph.constant(Int32Array.from(values), [values.length]);

const control = ({ name }: GraphTensor): string => `^${name.replace(/:.*/, '')}`;

function attribute(value: Attribute): AttrValueMessage {
  const message = new messages.AttrValue();
  if (typeof value === 'string') message.setS(Buffer.from(value));
  else if (typeof value === 'boolean') message.setB(value);
  else if ('type' in value) message.setType(DATA_TYPES[value.type]);
  else if ('shape' in value) message.setShape(shapeMessage(value.shape));
  else if ('float' in value) message.setF(value.float);
  else if ('int' in value) message.setI(value.int);
  else {
    const list = new messages.AttrValue.ListValue();
    list.setIList(value.ints);
    message.setList(list);
  }
  return message;
}

export function shapeMessage(shape: Shape) {
  const message = new messages.TensorShape();
  message.setDimList(
    shape.map((size) => {
      const dimension = new messages.TensorShape.Dim();
      dimension.setSize(size);
      return dimension;
    }),
  );
  return message;
}

function tensorMessage(values: Float32Array | Int32Array, dtype: DataType, shape: Shape) {
  const size = sizeOf(shape);
  if (size !== values.length) {
    throw new Error(`A constant of shape [${shape}] needs ${size} values, not ${values.length}.`);
  }
  const message = new messages.Tensor();
  message.setDtype(DATA_TYPES[dtype]);
  message.setTensorShape(shapeMessage(shape));
  message.setTensorContent(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength), // little-endian, like all platforms of TensorFlow
  );
  return message;
}
