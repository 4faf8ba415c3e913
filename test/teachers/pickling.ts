/** A pickle of protocol 2, or the file of torch around it, written byte by byte: for honest files and for hostile ones. */
import { OPERATIONS } from '#teachers/pickle-operations.ts';

const CODES = new Map([...OPERATIONS].map(([code, name]) => [name, code]));

/** One operation by its name, with the bytes that follow it. */
export function op(name: string, ...following: (string | Uint8Array | number[])[]): Buffer {
  const code = CODES.get(name);
  if (code === undefined) throw new Error(`no operation ${name}`);
  return Buffer.concat([Buffer.of(code), ...following.map((part) => Buffer.from(part as string))]);
}

export const pickle = (...parts: Uint8Array[]): Buffer =>
  Buffer.concat([op('PROTO', [2]), ...parts, op('STOP')]);

export const integer = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return op('BININT', bytes);
};

export const text = (value: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(value));
  return op('BINUNICODE', length, value);
};

export const global = (module: string, name: string): Buffer =>
  op('GLOBAL', `${module}\n${name}\n`);

export const tupleOf = (...items: Uint8Array[]): Buffer =>
  Buffer.concat([op('MARK'), ...items, op('TUPLE')]);

export const call = (callee: Uint8Array, ...given: Uint8Array[]): Buffer =>
  Buffer.concat([callee, tupleOf(...given), op('REDUCE')]);

export const ORDERED = call(global('collections', 'OrderedDict'));

export type Written = {
  name: string;
  shape: number[];
  strides?: number[];
  offset?: number;
  type?: string; // of the storage
  key?: string;
  device?: string;
  length?: number; // of the storage, as the dictionary claims it
  hooks?: Buffer;
};

export function storageId({
  name,
  shape,
  type = 'FloatStorage',
  key = name,
  device = 'cpu',
  ...rest
}: Written) {
  const length = rest.length ?? shape.reduce((a, b) => a * b, 1);
  const module = type.includes('.') ? type.slice(0, type.lastIndexOf('.')) : 'torch';
  const id = tupleOf(
    text('storage'),
    global(module, type.slice(type.lastIndexOf('.') + 1)),
    text(key),
    text(device),
    integer(length),
    op('NONE'),
  );
  return Buffer.concat([id, op('BINPERSID')]);
}

export function tensor(written: Written): Buffer {
  const { shape, offset = 0, hooks = ORDERED } = written;
  const rows = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    storageId(written),
    integer(offset),
    tupleOf(...shape.map(integer)),
    tupleOf(...(written.strides ?? rows).map(integer)),
    op('NEWFALSE'),
    hooks,
  );
}

/** The dictionary of a state, as torch pickles it, with the versions of its modules as its state. */
export function dictionary(tensors: readonly Written[]): Buffer {
  const items = tensors.flatMap((written) => [text(written.name), tensor(written)]);
  const metadata = Buffer.concat([
    op('EMPTY_DICT'),
    text('_metadata'),
    ORDERED,
    op('SETITEM'),
    op('BUILD'),
  ]);
  return Buffer.concat([ORDERED, op('MARK'), ...items, op('SETITEMS'), metadata]);
}

const MAGIC = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

export const START = Buffer.concat([
  pickle(op('LONG1', [MAGIC.length, ...MAGIC])),
  pickle(integer(1001)),
  pickle(op('EMPTY_DICT'), text('little_endian'), op('NEWTRUE'), op('SETITEM')),
]);

export const keyList = (...keys: string[]): Buffer =>
  pickle(op('EMPTY_LIST'), op('MARK'), ...keys.map(text), op('APPENDS'));

/** A storage's length and its values. */
export function contents(values: readonly number[], length = values.length): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigInt64LE(BigInt(length));
  return Buffer.concat([head, Buffer.from(new Float32Array(values).buffer)]);
}

/** A whole file of float tensors: what `torch.save` of PyTorch before 1.6 wrote. */
export function torchFile(tensors: readonly (Written & { values: number[] })[]): Buffer {
  return Buffer.concat([
    START,
    pickle(dictionary(tensors)),
    keyList(...tensors.map(({ name, key = name }) => key)),
    ...tensors.map(({ values }) => contents(values)),
  ]);
}
