import { type Attribute, FLOAT, type GraphTensor, integers, type Shape } from '../graph.ts';
import type { Padding } from '../layer.ts';
import type { Tape } from '../tape.ts';
import { shapeOf } from './shape-of.ts';

/** How a window goes over pictures. */
export interface Sliding {
  strides: readonly [number, number];
  padding: Padding;
}

const convolution =
  (forward: string, backprop: string, more: Record<string, Attribute>) =>
  (tape: Tape, x: GraphTensor, kernel: GraphTensor, sliding: Sliding, shape: Shape) => {
    const { graph } = tape;
    const attributes = {
      T: FLOAT,
      strides: { ints: [1, ...sliding.strides, 1] },
      padding: sliding.padding,
      explicit_paddings: { ints: [] },
      data_format: 'NHWC',
      dilations: { ints: [1, 1, 1, 1] },
      ...more,
    };
    const y = graph.add(forward, [x, kernel], attributes, shape);
    return tape.record(y, [x, kernel], (dy) => [
      () => graph.add(`${backprop}Input`, [shapeOf(graph, x), kernel, dy], attributes, x.shape),
      () => {
        const sizes = integers(graph, kernel.shape);
        return graph.add(`${backprop}Filter`, [x, sizes, dy], attributes, kernel.shape);
      },
    ]);
  };

/** x [n, h, w, c], kernel [kh, kw, c, d]; gives `shape`, [n, h', w', d]. */
export const conv2d = convolution('Conv2D', 'Conv2DBackprop', { use_cudnn_on_gpu: true });

/** x [n, h, w, c], kernel [kh, kw, c, m]; gives `shape`, [n, h', w', c * m]. */
export const depthwiseConv2d = convolution(
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackprop',
  {},
);
