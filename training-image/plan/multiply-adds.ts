import { sizeOf } from '#engine/graph.ts';
import { layerOf, type Topology } from '#engine/topology.ts';

/** Multiplications and additions of a network's convolutions for one image; they take nearly all of its time. */
export function multiplyAdds(topology: Topology): number {
  let sum = 0;
  for (const { operation, shape, inputs, weights } of topology.layers.values()) {
    const kernel = weights.kernel; // [height, width, inputs, outputs]; depthwise: [height, width, channels, 1]
    if (operation.kind !== 'convolution' || !kernel) continue;
    const positions = sizeOf(shape.slice(1, 3));
    const channels = layerOf(topology, inputs[0] ?? '').shape.at(-1) ?? 0;
    const perPosition = operation.depthwise
      ? sizeOf(kernel.slice(0, 2)) * channels
      : sizeOf(kernel);
    sum += positions * perPosition;
  }
  return sum;
}
