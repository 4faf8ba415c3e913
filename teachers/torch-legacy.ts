import { type AllowedGlobals, type Global, is, readPickle, type Value } from './read-pickle.ts';
import { refuse } from './teacher-refused.ts';

/**
 * A tensor of a torch file, of finite float32 values or of int64 counters.
 *
 * `values` has each of its elements once, but not always row by row: a step along axis i is `strides[i]` values on.
 * (The convolutions of EfficientNet-Lite still lie as TensorFlow had them.)
 */
export type TorchTensor = { shape: readonly number[]; strides: readonly number[] } & (
  | { dtype: 'float32'; values: Float32Array }
  | { dtype: 'int64'; values: BigInt64Array }
);

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

type Storage = { key: string; dtype: 'float32' | 'int64'; length: number };
type TensorPlace = { storage: Storage; offset: number; shape: number[]; strides: number[] };

const BYTES = { float32: 4, int64: 8 };
const STORAGES: Record<string, Storage['dtype']> = {
  'torch.FloatStorage': 'float32',
  'torch.LongStorage': 'int64',
};

/**
 * Reads a file that PyTorch before 1.6 wrote with `torch.save` of a state dictionary. Executes nothing: of all that a
 * pickle can name, four names are understood, and none of them does anything.
 *
 * The layout: a magic number, a version and facts of the system, each a pickle; the dictionary, a pickle whose tensors
 * point into storages; the list of the storages' keys, a pickle; then each storage, an int64 length and its values.
 *
 * @returns the tensors by name, in the order of the file
 * @throws TeacherRefused with a sentence that names what is wrong
 */
export function readTorchFile(bytes: Uint8Array): Map<string, TorchTensor> {
  const magic = readPickle(bytes, 0, NOTHING);
  if (magic.value !== MAGIC) refuse('The file is not in the legacy layout of torch.save.');
  const version = readPickle(bytes, magic.end, NOTHING);
  if (version.value !== PROTOCOL) refuse('The file is of an unknown version of torch.save.');
  const system = readPickle(bytes, version.end, NOTHING);
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) {
    refuse('The file was not written on a little-endian machine.');
  }

  const declared = new Map<string, Storage>();
  const dictionary = readPickle(bytes, system.end, globalsForTensors(declared, bytes.length));
  const keys = readPickle(bytes, dictionary.end, NOTHING);
  const storages = readStorages(bytes, keys.end, keysOf(keys.value), declared);
  return tensorsOf(dictionary.value, storages);
}

const NOTHING: AllowedGlobals = { globals: new Map() };

function globalsForTensors(declared: Map<string, Storage>, fileBytes: number): AllowedGlobals {
  const globals: Global[] = [
    { kind: 'global', name: 'collections.OrderedDict', call: orderedDictionary },
    { kind: 'global', name: 'torch._utils._rebuild_tensor_v2', call: tensorPlace },
    ...Object.keys(STORAGES).map((name): Global => ({ kind: 'global', name })),
  ];
  return {
    globals: new Map(globals.map((global) => [global.name, global])),
    persistent: (id) => ({ kind: 'opaque', value: storageOf(id, declared, fileBytes) }),
    ignoredState: new Set(['_metadata']), // the versions of torch's modules
  };
}

function orderedDictionary(given: readonly Value[]): Value {
  if (given.length > 0) refuse('An OrderedDict is made from something, instead of empty.');
  return new Map();
}

/** `('storage', torch.FloatStorage, key, 'cpu', length, None)`: where a tensor's values will be found. */
function storageOf(id: Value, declared: Map<string, Storage>, fileBytes: number): Storage {
  const [kind, type, key, device, length, view] = is('tuple', id) ? id.items : [];
  const dtype = is('global', type) ? STORAGES[type.name] : undefined;
  if (
    kind !== 'storage' ||
    !dtype ||
    typeof key !== 'string' ||
    device !== 'cpu' ||
    view !== null
  ) {
    return refuse('A persistent id is not that of a storage of floats or longs on the CPU.');
  }
  if (!isCount(length) || length * BYTES[dtype] > fileBytes) {
    return refuse(`Storage ${key} claims ${String(length)} values, more than the file can hold.`);
  }
  const known = declared.get(key) ?? { key, dtype, length };
  if (known.dtype !== dtype || known.length !== length) {
    return refuse(`Storage ${key} is declared twice, and not the same.`);
  }
  declared.set(key, known);
  return known;
}

/** `_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks)`. */
function tensorPlace(given: readonly Value[]): Value {
  const [source, offset, size, strides, requiresGrad, hooks] = given;
  const storage = is('opaque', source) ? (source.value as Storage) : undefined;
  if (given.length !== 6 || !storage?.key || typeof requiresGrad !== 'boolean') {
    return refuse('A tensor is made from something else than a storage, a place and a shape.');
  }
  if (!(hooks instanceof Map) || hooks.size > 0) return refuse('A tensor brings backward hooks.');

  const shape = countsOf(size);
  const steps = countsOf(strides);
  if (!isCount(offset) || !shape || !steps || shape.length !== steps.length || shape.length > 8) {
    return refuse(`A tensor in storage ${storage.key} has an impossible place or shape.`);
  }
  const count = denseCount(shape, steps);
  if (count === undefined) {
    return refuse(`A tensor in storage ${storage.key} has gaps, or uses a value twice.`);
  }
  if (offset + count > storage.length) {
    return refuse(`A tensor in storage ${storage.key} reaches beyond its end.`);
  }
  const place: TensorPlace = { storage, offset, shape, strides: steps };
  return { kind: 'opaque', value: place };
}

/** How many values a tensor has, if they lie side by side in some order of its axes; `undefined` if they do not. */
function denseCount(shape: readonly number[], strides: readonly number[]): number | undefined {
  const axes = shape
    .map((extent, axis) => ({ extent, stride: strides[axis] ?? 0 }))
    .filter(({ extent }) => extent !== 1) // no step is ever made along such an axis
    .sort((a, b) => a.stride - b.stride);
  let count = 1;
  for (const { extent, stride } of axes) {
    if (stride !== count) return undefined;
    count *= extent;
  }
  return count;
}

function keysOf(value: Value): string[] {
  if (!Array.isArray(value) || !value.every((key) => typeof key === 'string')) {
    return refuse('The list of storages is no list of names.');
  }
  return value;
}

type Contents = { [Dtype in 'float32' | 'int64']: Map<string, TorchTensor & { dtype: Dtype }> };

function readStorages(
  bytes: Uint8Array,
  start: number,
  keys: readonly string[],
  declared: ReadonlyMap<string, Storage>,
): Contents {
  const contents: Contents = { float32: new Map(), int64: new Map() };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = start;
  const missing = new Set(declared.keys());
  for (const key of keys) {
    const storage = declared.get(key);
    if (!storage || !missing.delete(key)) {
      return refuse(`Storage ${JSON.stringify(key)} is listed twice, or no tensor needs it.`);
    }
    const size = storage.length * BYTES[storage.dtype];
    if (bytes.length - position < 8 + size)
      refuse(`The file ends in the middle of storage ${key}.`);
    if (view.getBigInt64(position, true) !== BigInt(storage.length)) {
      return refuse(`Storage ${key} has another length than the tensors in it were promised.`);
    }
    // A copy, since a Float32Array must be aligned; `slice` would be none where the bytes are a Buffer.
    const { buffer } = new Uint8Array(bytes.subarray(position + 8, position + 8 + size));
    const whole = { shape: [storage.length], strides: [1] };
    if (storage.dtype === 'float32') {
      const values = new Float32Array(buffer);
      if (!values.every(Number.isFinite)) refuse(`Storage ${key} has values that are no numbers.`);
      contents.float32.set(key, { dtype: 'float32', ...whole, values });
    } else {
      contents.int64.set(key, { dtype: 'int64', ...whole, values: new BigInt64Array(buffer) });
    }
    position += 8 + size;
  }
  if (missing.size > 0) refuse(`The file lacks storage ${[...missing][0]}.`);
  if (position !== bytes.length) refuse(`The file goes on after its last storage.`);
  return contents;
}

function tensorsOf(dictionary: Value, contents: Contents): Map<string, TorchTensor> {
  if (!(dictionary instanceof Map)) return refuse('The file does not hold a dictionary.');
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of dictionary) {
    const place = is('opaque', value) ? (value.value as Partial<TensorPlace>) : {};
    if (typeof name !== 'string' || !place.shape) {
      return refuse(`The entry ${JSON.stringify(String(name))} is no tensor.`);
    }
    tensors.set(name, tensorAt(place as TensorPlace, contents));
  }
  return tensors;
}

function tensorAt(place: TensorPlace, contents: Contents): TorchTensor {
  const { storage, offset, shape, strides } = place;
  const end = offset + shape.reduce((product, extent) => product * extent, 1);
  if (storage.dtype === 'int64') {
    const values = contents.int64.get(storage.key)?.values.subarray(offset, end);
    return { dtype: 'int64', shape, strides, values: values ?? new BigInt64Array() };
  }
  const values = contents.float32.get(storage.key)?.values.subarray(offset, end);
  return { dtype: 'float32', shape, strides, values: values ?? new Float32Array() };
}

/** A length, place or extent: JSON-sized, so that no product of a few of them can be trusted before it is checked. */
const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31;

function countsOf(value: Value | undefined): number[] | undefined {
  return is('tuple', value) && value.items.every(isCount) ? [...value.items] : undefined;
}
