/** A network as a list of layers, each naming where its weights lie in the file that it is imported from. */
export type Layer = {
  name: string;
  className: string; // Keras's, which tfjs shares
  config: Record<string, unknown>; // as Keras 2 writes it
  inputs: readonly string[]; // names of earlier layers
  weights: readonly LayerWeight[];
};

export type LayerWeight = {
  name: string; // after the layer's: `stem_conv/kernel`
  shape: readonly number[];
  source: string; // the entry of the file
  order: readonly number[]; // axis i of the weight is axis order[i] of the entry
};

export type Network = { name: string; layers: readonly Layer[]; output: string };
