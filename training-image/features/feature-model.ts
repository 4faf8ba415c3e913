import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import { tf } from '#engine/tensorflow/load.ts';
import type { PooledLayer } from './feature-sets.ts';

/**
 * The backbone as far as some pooled layers, sharing the teacher's layers; all layers that it adds are stock ones without
 * weights.
 *
 * @returns [b, px, px, 3], pixels 0 to 255 → [b, d]: the features in the order of the layers
 */
export function featureModel(teacher: LayersModel, layers: readonly PooledLayer[]): LayersModel {
  const pooled = layers.map((each) => pool(teacher, each));
  const [first] = pooled;
  if (!first) throw new Error('A head needs features.');
  const features =
    pooled.length === 1
      ? first
      : (tf.layers.concatenate({ name: 'head_features' }).apply(pooled) as SymbolicTensor);
  return tf.model({ inputs: teacher.inputs, outputs: features });
}

/** [b, h, w, c] → [b, c · grid²]; what is pooled already stays as it is. */
function pool(teacher: LayersModel, { layer, grid }: PooledLayer): SymbolicTensor {
  const output = teacher.getLayer(layer).output as SymbolicTensor;
  const [, height, width] = output.shape;
  if (output.shape.length === 2) return output;
  if (grid === 1) {
    const average = { name: `${layer}_average`, dataFormat: 'channelsLast' } as const;
    return tf.layers.globalAveragePooling2d(average).apply(output) as SymbolicTensor;
  }
  // Of an odd number of rows, the middle one is in both halves.
  const sizes: [number, number] = [Math.ceil((height ?? 0) / 2), Math.ceil((width ?? 0) / 2)];
  const strides: [number, number] = [Math.floor((height ?? 0) / 2), Math.floor((width ?? 0) / 2)];
  const quarters = tf.layers.averagePooling2d({
    name: `${layer}_quarters`,
    poolSize: sizes,
    strides,
  });
  const flat = tf.layers.flatten({ name: `${layer}_quarters_flat` });
  return flat.apply(quarters.apply(output)) as SymbolicTensor;
}
