import { sizeOf } from '#engine/graph.ts';
import { type Layer, layerOf, type Topology } from '#engine/topology.ts';

/** Multiplications and additions of a network's convolutions for one image; they take nearly all of its time. */
export const multiplyAdds = (topology: Topology): number =>
  [...topology.layers.values()].reduce((sum, layer) => sum + layerMultiplyAdds(topology, layer), 0);

/** Those of one layer; 0 unless it is a convolution. */
export function layerMultiplyAdds(
  topology: Topology,
  { operation, shape, inputs, weights }: Layer,
): number {
  const { kernel } = weights; // [height, width, inputs, outputs]; depthwise: [height, width, channels, 1]
  if (operation.kind !== 'convolution' || !kernel) return 0;
  const positions = sizeOf(shape.slice(1, 3));
  const channels = layerOf(topology, inputs[0] ?? '').shape.at(-1) ?? 0;
  return positions * (operation.depthwise ? sizeOf(kernel.slice(0, 2)) * channels : sizeOf(kernel));
}
