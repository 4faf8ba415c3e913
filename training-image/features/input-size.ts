import * as z from 'zod';

const Layers = z.looseObject({
  config: z.looseObject({
    layers: z.array(
      z.looseObject({ class_name: z.string(), config: z.record(z.string(), z.unknown()) }),
    ),
  }),
});

/** Of a tfjs layers-model, as far as it matters here. */
const Model = z.looseObject({
  modelTopology: z.union([z.looseObject({ model_config: Layers }), Layers]), // of Keras's converter, of tfjs
});

/**
 * A network for images of another size. Only the shape of its input changes: convolutions and global average pooling
 * take any size, with the same weights.
 *
 * @param model `model.json` of a layers-model, parsed
 * @param px height and width of the images
 */
export function withInputSize(model: unknown, px: number): unknown {
  const { modelTopology, ...rest } = Model.parse(model);
  return {
    ...rest,
    modelTopology:
      'model_config' in modelTopology
        ? { ...modelTopology, model_config: resized(modelTopology.model_config as Layers, px) }
        : resized(modelTopology as Layers, px),
  };
}

type Layers = z.infer<typeof Layers>;

const resized = (network: Layers, px: number): Layers => ({
  ...network,
  config: {
    ...network.config,
    layers: network.config.layers.map((layer) =>
      layer.class_name === 'InputLayer'
        ? { ...layer, config: { ...layer.config, batch_input_shape: [null, px, px, 3] } }
        : layer,
    ),
  },
});
