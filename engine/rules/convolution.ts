import { type Attribute, FLOAT, type GraphTensor, integers, type Shape } from '../graph.ts';
import type { Padding } from '../layer.ts';
import type { Tape } from '../tape.ts';
import { biasGradient, withBias } from './bias-add.ts';
import { shapeOf } from './shape-of.ts';

/** How a window goes over pictures. */
export interface Sliding {
  strides: readonly [number, number];
  padding: Padding;
}

/** A convolution by TensorFlow's name; x [n, h, w, c], bias [c']; gives `shape`, [n, h', w', c']. */
const convolution =
  (
    name: string,
    more: Record<string, Attribute>,
    ofKernel: (x: GraphTensor, kernel: GraphTensor, sliding: Sliding) => Record<string, Attribute>,
  ) =>
  (
    tape: Tape,
    x: GraphTensor,
    { kernel, bias }: { kernel: GraphTensor; bias?: GraphTensor | undefined },
    sliding: Sliding,
    shape: Shape,
  ) => {
    const { graph } = tape;
    const attributes = { ...slidingAttributes(sliding), ...more };
    const convolved = graph.add(name, [x, kernel], attributes, shape);
    const y = bias ? withBias(graph, convolved, bias) : convolved;

    return tape.record(y, bias ? [kernel, bias, x] : [kernel, x], (dy) => {
      const ofWeights: GraphTensor[] = [];
      const keep = (gradient: GraphTensor) => {
        ofWeights.push(gradient);
        return gradient;
      };
      const kernelGradient = () => {
        const inputs = [x, integers(graph, kernel.shape), dy];
        const told = { ...attributes, ...ofKernel(x, kernel, sliding) };
        return keep(graph.add(`${name}BackpropFilter`, inputs, told, kernel.shape));
      };
      const inputGradient = () => {
        const inputs = [shapeOf(graph, x), kernel, dy];
        // After those of the weights: dy is free then, before the next layer's begins (1.9 GB instead of 2.4).
        const after = ofWeights;
        return graph.add(`${name}BackpropInput`, inputs, attributes, x.shape, { after });
      };
      return bias
        ? [kernelGradient, () => keep(biasGradient(graph, dy)), inputGradient]
        : [kernelGradient, inputGradient];
    });
  };

/** kernel [kh, kw, c, d]; gives [n, h', w', d]. */
export const conv2d = convolution('Conv2D', { use_cudnn_on_gpu: true }, () => ({}));

/**
 * kernel [kh, kw, c, m]; gives [n, h', w', c * m].
 *
 * Where its paddings are told one by one, TensorFlow leaves the gradient of the kernel to code of its own. oneDNN's takes
 * longer by two thirds (EfficientNet-Lite0 on AVX2: 391 ms a step instead of 237).
 */
export const depthwiseConv2d = convolution('DepthwiseConv2dNative', {}, (x, kernel, sliding) => ({
  padding: 'EXPLICIT',
  explicit_paddings: { ints: paddings(x, kernel, sliding) },
}));

export const slidingAttributes = ({ strides, padding }: Sliding): Record<string, Attribute> => ({
  T: FLOAT,
  strides: { ints: [1, ...strides, 1] },
  padding,
  explicit_paddings: { ints: [] },
  data_format: 'NHWC',
  dilations: { ints: [1, 1, 1, 1] },
});

/** How many zeros TensorFlow puts before and after each axis; at an odd sum, one more after. */
function paddings(x: GraphTensor, kernel: GraphTensor, { strides, padding }: Sliding): number[] {
  const sides = (axis: 0 | 1) => {
    const [length = 0, window = 0] = [x.shape[axis + 1], kernel.shape[axis]];
    const steps = Math.ceil(length / strides[axis]);
    const zeros = padding === 'SAME' ? (steps - 1) * strides[axis] + window - length : 0;
    const before = Math.floor(Math.max(0, zeros) / 2);
    return [before, Math.max(0, zeros) - before];
  };
  return [0, 0, ...sides(0), ...sides(1), 0, 0];
}
