import type { Shape } from './graph.ts';

/** What a layer computes: the kinds that the engine knows, each with the settings that matter. */
export type Operation =
  | { kind: 'input' }
  | { kind: 'rescaling'; scale: number; offset: number }
  | {
      kind: 'convolution';
      depthwise: boolean;
      strides: readonly [number, number];
      padding: Padding;
      activation: Activation;
    }
  | { kind: 'norm'; epsilon: number; momentum: number }
  | { kind: 'dense'; activation: Activation }
  | { kind: 'activation'; activation: Activation }
  | { kind: 'add' }
  | { kind: 'zero-padding'; top: number; bottom: number; left: number; right: number }
  | {
      kind: 'pooling';
      of: PoolingKind;
      size: readonly [number, number];
      strides: readonly [number, number];
      padding: Padding;
    }
  | { kind: 'global-pooling'; of: PoolingKind }
  | { kind: 'reshape' } // to the layer's shape
  | { kind: 'dropout'; rate: number };

export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

export type Padding = 'SAME' | 'VALID';
export type PoolingKind = 'max' | 'average';
export type Activation = 'linear' | 'relu' | 'relu6' | 'softmax';

/** A layer of a network: Keras's, in the engine's words. */
export interface Layer {
  readonly name: string;
  readonly inputs: readonly string[]; // names of layers
  readonly shape: Shape; // of the output; -1 is the number of examples
  readonly operation: Operation;
  /** What it has of `kernel`, `bias`, `gamma`, `beta`, `moving_mean`, `moving_variance`, each with its shape. */
  readonly weights: Readonly<Partial<Record<WeightRole, Shape>>>;
  /** As the model file has it, to be written out again. */
  readonly source: { className: string; config: Readonly<Record<string, unknown>> };
}

export type WeightRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance';

/** What a weight is called in a model file: `stem_conv/kernel`. */
export const weightName = (
  { name, operation }: Pick<Layer, 'name' | 'operation'>,
  role: WeightRole,
) =>
  operation.kind === 'convolution' && operation.depthwise && role === 'kernel'
    ? `${name}/depthwise_kernel`
    : `${name}/${role}`;
