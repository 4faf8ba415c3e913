import type { EfficientNetLite, TeacherEntry } from '#core/teacher.ts';
import type { Layer, LayerWeight, Network } from './imported-network.ts';

/**
 * The network of EfficientNet-Lite (Apache-2.0, tensorflow/tpu), from pixels 0 to 255 to 1,000 logits, with the names
 * that its weights have in the PyTorch file. ReLU6 everywhere, no squeeze-and-excite; no convolution has a bias, each
 * is followed by BatchNorm; all paddings are TensorFlow's `same`.
 *
 * A layer's name begins with its block and repeat: `block3b_project_conv` is the second repeat of block 3.
 */
export function efficientNetLite(entry: TeacherEntry): Network {
  const { input, preprocessing, features, trainedOn } = entry;
  const { stemWidth, lastWidth, stages } = entry.architecture;

  const layers: Layer[] = [
    inputLayer('pixels', [input.px, input.px, input.channels]),
    rescaling('preprocessing', 'pixels', preprocessing),
    ...convolution(
      'stem',
      'preprocessing',
      { kernel: 3, stride: 2, from: input.channels, to: stemWidth },
      ['_conv_stem', '_bn0'],
    ),
  ];
  let from = stemWidth;
  let source = 0; // the file numbers the repeats through, whatever their stage
  for (const [index, stage] of stages.entries()) {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const name = `block${index + 1}${'abcdefghij'[repeat]}`;
      const stride = repeat === 0 ? stage.stride : 1;
      layers.push(...repeatLayers(name, lastOf(layers), { ...stage, stride, from }, source));
      from = stage.width;
      source += 1;
    }
  }
  layers.push(
    ...convolution('block7_last', lastOf(layers), { kernel: 1, stride: 1, from, to: lastWidth }, [
      '_conv_head',
      '_bn1',
    ]),
    {
      ...bare(features.layer, 'GlobalAveragePooling2D', PLAIN_POOLING),
      inputs: ['block7_last_relu'],
    },
    dense('classifier', features.layer, features.size, trainedOn.classes, '_fc'),
  );
  return { name: entry.name, layers, output: 'classifier' };
}

const lastOf = (layers: readonly Layer[]): string => layers.at(-1)?.name ?? '';

const PLAIN_POOLING = { data_format: 'channels_last' };

type Repeat = EfficientNetLite['stages'][number] & { from: number };

/** One inverted residual: widen, look around, narrow; added to what came in where the two have one shape. */
function repeatLayers(name: string, input: string, repeat: Repeat, source: number): Layer[] {
  const { kernel, stride, expansion, from, width } = repeat;
  const inside = from * expansion;
  const at = (part: string) => `_blocks.${source}.${part}`;

  const layers: Layer[] = [];
  if (expansion > 1) {
    const widen = { kernel: 1, stride: 1, from, to: inside };
    layers.push(...convolution(`${name}_expand`, input, widen, [at('_expand_conv'), at('_bn0')]));
  }
  layers.push(
    depthwise(
      `${name}_depthwise_conv`,
      layers.at(-1)?.name ?? input,
      kernel,
      stride,
      inside,
      at('_depthwise_conv'),
    ),
    batchNorm(`${name}_depthwise_bn`, `${name}_depthwise_conv`, inside, at('_bn1')),
    relu6(`${name}_depthwise_relu`, `${name}_depthwise_bn`),
    conv(
      `${name}_project_conv`,
      `${name}_depthwise_relu`,
      { kernel: 1, stride: 1, from: inside, to: width },
      at('_project_conv'),
    ),
    batchNorm(`${name}_project_bn`, `${name}_project_conv`, width, at('_bn2')),
  );
  if (stride === 1 && from === width) {
    layers.push({ ...bare(`${name}_add`, 'Add', {}), inputs: [input, `${name}_project_bn`] });
  }
  return layers;
}

type Convolution = { kernel: number; stride: number; from: number; to: number };

/** Convolution, BatchNorm, ReLU6, as `<name>_conv`, `<name>_bn`, `<name>_relu`. */
function convolution(
  name: string,
  input: string,
  shape: Convolution,
  [kernel, norm]: [string, string],
): Layer[] {
  return [
    conv(`${name}_conv`, input, shape, kernel),
    batchNorm(`${name}_bn`, `${name}_conv`, shape.to, norm),
    relu6(`${name}_relu`, `${name}_bn`),
  ];
}

const bare = (name: string, className: string, config: Record<string, unknown>): Layer => ({
  name,
  className,
  config,
  inputs: [],
  weights: [],
});

function inputLayer(name: string, shape: readonly number[]): Layer {
  const config = { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false };
  return bare(name, 'InputLayer', config);
}

function rescaling(
  name: string,
  input: string,
  { scale, offset }: { scale: number; offset: number },
): Layer {
  return { ...bare(name, 'Rescaling', { scale, offset }), inputs: [input] };
}

// Every weight is read from the file, so that drawing random ones first would be time lost.
const ZEROS = { class_name: 'Zeros', config: {} };
const PLAIN_CONVOLUTION = {
  padding: 'same',
  data_format: 'channels_last',
  dilation_rate: [1, 1],
  activation: 'linear',
  use_bias: false,
};

function conv(
  name: string,
  input: string,
  { kernel, stride, from, to }: Convolution,
  source: string,
): Layer {
  const config = {
    ...PLAIN_CONVOLUTION,
    filters: to,
    kernel_size: [kernel, kernel],
    strides: [stride, stride],
    kernel_initializer: ZEROS,
  };
  const weight: LayerWeight = {
    name: 'kernel',
    shape: [kernel, kernel, from, to],
    source: `${source}.weight`,
    order: [2, 3, 1, 0], // out, in, height, width → height, width, in, out
  };
  return { ...bare(name, 'Conv2D', config), inputs: [input], weights: [weight] };
}

function depthwise(
  name: string,
  input: string,
  kernel: number,
  stride: number,
  width: number,
  source: string,
): Layer {
  const config = {
    ...PLAIN_CONVOLUTION,
    kernel_size: [kernel, kernel],
    strides: [stride, stride],
    depth_multiplier: 1,
    depthwise_initializer: ZEROS,
  };
  const weight: LayerWeight = {
    name: 'depthwise_kernel',
    shape: [kernel, kernel, width, 1],
    source: `${source}.weight`,
    order: [2, 3, 0, 1], // channel, 1, height, width → height, width, channel, 1
  };
  return { ...bare(name, 'DepthwiseConv2D', config), inputs: [input], weights: [weight] };
}

function batchNorm(name: string, input: string, width: number, source: string): Layer {
  const config = { axis: -1, momentum: 0.99, epsilon: 1e-3, center: true, scale: true };
  const parts = [
    ['gamma', 'weight'],
    ['beta', 'bias'],
    ['moving_mean', 'running_mean'],
    ['moving_variance', 'running_var'],
  ] as const;
  const weights = parts.map(([ours, theirs]) => ({
    name: ours,
    shape: [width],
    source: `${source}.${theirs}`,
    order: [0],
  }));
  return { ...bare(name, 'BatchNormalization', config), inputs: [input], weights };
}

function relu6(name: string, input: string): Layer {
  return { ...bare(name, 'ReLU', { max_value: 6 }), inputs: [input] };
}

function dense(name: string, input: string, from: number, to: number, source: string): Layer {
  const config = {
    units: to,
    activation: 'linear',
    use_bias: true,
    kernel_initializer: ZEROS,
    bias_initializer: ZEROS,
  };
  const weights: LayerWeight[] = [
    { name: 'kernel', shape: [from, to], source: `${source}.weight`, order: [1, 0] },
    { name: 'bias', shape: [to], source: `${source}.bias`, order: [0] },
  ];
  return { ...bare(name, 'Dense', config), inputs: [input], weights };
}
