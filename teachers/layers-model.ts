import { MODEL_FILE } from '#core/teacher.ts';
import type { LayerWeight, Network } from './imported-network.ts';
import { refuse } from './teacher-refused.ts';
import type { TorchTensor } from './torch-legacy.ts';

export const WEIGHTS_FILE = 'weights.bin';

/**
 * Writes a network and its weights as the two files of a tfjs layers-model, in the form of Keras 2.
 *
 * The same network and tensors give the same bytes, on any machine: the catalogue pins their digests.
 *
 * @throws TeacherRefused unless every tensor is used exactly once and has the shape that the network expects
 */
export function layersModel(
  network: Network,
  tensors: ReadonlyMap<string, TorchTensor>,
): Map<string, Uint8Array> {
  const unused = new Map(tensors);
  const weights = network.layers.flatMap((layer) =>
    layer.weights.map((weight) => ({
      name: `${layer.name}/${weight.name}`,
      shape: weight.shape,
      values: valuesOf(weight, take(unused, weight.source)),
    })),
  );
  for (const name of unused.keys()) {
    // How many batches training took: BatchNorm's inference does not need it.
    if (!name.endsWith('.num_batches_tracked')) refuse(`No layer uses ${name} of the file.`);
  }

  const model = {
    format: 'layers-model',
    generatedBy: 'understudy',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: topology(network),
    },
    weightsManifest: [
      {
        paths: [WEIGHTS_FILE],
        weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  return new Map([
    [MODEL_FILE, new TextEncoder().encode(JSON.stringify(model))],
    [WEIGHTS_FILE, concatenate(weights.map(({ values }) => values))],
  ]);
}

function topology({ name, layers, output }: Network) {
  return {
    class_name: 'Functional',
    config: {
      name,
      layers: layers.map((layer) => ({
        class_name: layer.className,
        name: layer.name,
        config: { name: layer.name, trainable: true, ...layer.config },
        inbound_nodes:
          layer.inputs.length > 0 ? [layer.inputs.map((input) => [input, 0, 0, {}])] : [],
      })),
      input_layers: layers.slice(0, 1).map((layer) => [layer.name, 0, 0]),
      output_layers: [[output, 0, 0]],
    },
  };
}

function take(unused: Map<string, TorchTensor>, name: string): TorchTensor {
  const tensor = unused.get(name);
  if (!tensor) return refuse(`The file has no ${name}, or two layers use it.`);
  unused.delete(name);
  return tensor;
}

/** The tensor's values in the order of the layer's weight, that is, with its axes exchanged. */
function valuesOf({ shape, source, order }: LayerWeight, tensor: TorchTensor): Float32Array {
  const expected: number[] = [];
  for (const [axis, from] of order.entries()) expected[from] = shape[axis] ?? 0;
  if (tensor.dtype !== 'float32' || tensor.shape.join() !== expected.join()) {
    return refuse(
      `${source} is ${tensor.dtype} [${tensor.shape}] instead of float32 [${expected}].`,
    );
  }

  const steps = order.map((from) => tensor.strides[from] ?? 0); // in the file, for one step along each axis of the weight
  const values = new Float32Array(tensor.values.length);
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    values[to] = tensor.values[from] ?? Number.NaN;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis] ?? 1;
      const step = steps[axis] ?? 0;
      const next = (place[axis] ?? 0) + 1;
      if (next < extent) {
        place[axis] = next;
        from += step;
        break;
      }
      place[axis] = 0;
      from -= step * (extent - 1);
    }
  }
  return values;
}

function concatenate(arrays: readonly Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), position);
    position += byteLength;
  }
  return bytes;
}
