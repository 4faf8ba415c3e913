import * as z from 'zod';
import { lookUp } from '#core/at.ts';
import { type Problem, problem } from '#core/problem.ts';
import type { Result } from '#core/result.ts';
import { isSupported, readLayer, UnsupportedLayer, unsupportedType } from './read-layer.ts';
import { tf } from './tensorflow/load.ts';
import { type Layer, type Topology, type WeightRole, weightName } from './topology.ts';

const Reference = z.tuple([z.string(), z.literal(0), z.literal(0)], z.unknown()); // layer, its call, its output

const LayerJson = z.object({
  class_name: z.string(),
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.array(Reference)).max(1), // more: the layer is called several times
});
type LayerJson = z.infer<typeof LayerJson>;

const Network = z.object({
  class_name: z.enum(['Functional', 'Model']),
  config: z.object({
    name: z.string(),
    layers: z.array(LayerJson).min(1),
    input_layers: z.array(Reference).length(1),
    output_layers: z.tuple([Reference]),
  }),
});

/** The weights in the order in which they are stored in the weight files. */
const Manifest = z.array(
  z.object({
    weights: z.array(
      z.looseObject({ name: z.string(), shape: z.array(z.int().min(0)), dtype: z.string() }),
    ),
  }),
);
type WeightSpec = z.infer<typeof Manifest>[number]['weights'][number];

const Model = z.object({
  modelTopology: z.preprocess(
    (topology) => Object(topology).model_config ?? topology, // Keras's converter nests it one level deeper than tfjs
    Network,
  ),
  weightsManifest: Manifest,
});

/**
 * Reads a tfjs layers-model with one input and one output.
 *
 * @param model its `model.json`, parsed
 * @param weightFiles its weight files, concatenated in the order of the manifest
 * @returns the network, or everything about it that is unsupported, by layer
 */
export function readModel(model: unknown, weightFiles: Uint8Array): Result<Topology, Problem> {
  const parsed = Model.safeParse(model);
  if (!parsed.success) {
    return failed(parsed.error.issues.map((issue) => malformed(issue, model)));
  }
  const { name, layers: written, output_layers } = parsed.data.modelTopology.config;

  const layers = readLayers(written);
  if (!layers.ok) return layers;
  const [[output]] = output_layers;
  if (!layers.value.has(output)) {
    return failed([unsupported(output, 'The output layer does not exist.')]);
  }
  const specs = parsed.data.weightsManifest.flatMap((group) => group.weights);
  const weights = readWeights(layers.value, specs, weightFiles);
  if (!weights.ok) return weights;
  return { ok: true, value: { name, layers: layers.value, output, weights: weights.value } };
}

const failed = (problems: Problem[]) => ({ ok: false as const, problems });

const unsupported = (where: string, what: string): Problem =>
  problem(
    'UNSUPPORTED_LAYER',
    where,
    what,
    'Choose a network of supported layers; engine/README.md lists them.',
  );

/** Reads all layers, each after its inputs. */
function readLayers(written: readonly LayerJson[]): Result<Map<string, Layer>, Problem> {
  const layers = new Map<string, Layer>();
  const problems = written
    .filter(({ class_name }) => !isSupported(class_name))
    .map(({ name, class_name }) => unsupported(name, unsupportedType(class_name)));
  if (problems.length > 0) return failed(problems); // the layers after them cannot be checked

  let waiting = written;
  for (let before = Infinity; waiting.length > 0 && waiting.length < before; ) {
    before = waiting.length;
    waiting = waiting.filter((each) => {
      const inputs = (each.inbound_nodes[0] ?? []).map(([input]) => input);
      if (!inputs.every((input) => layers.has(input))) return true;
      try {
        layers.set(each.name, readNext(each, inputs, layers));
      } catch (error) {
        if (!(error instanceof UnsupportedLayer)) throw error;
        problems.push(unsupported(each.name, error.message));
      }
      return false;
    });
  }
  if (problems.length > 0) return failed(problems); // the layers still waiting depend on these
  if (waiting.length === 0) return { ok: true, value: layers };
  return failed(
    waiting.map(({ name }) => unsupported(name, 'It depends on itself or on a missing layer.')),
  );
}

/** @throws UnsupportedLayer */
function readNext(
  { name, class_name: className, config }: LayerJson,
  inputs: readonly string[],
  layers: ReadonlyMap<string, Layer>,
): Layer {
  if (layers.has(name)) throw new UnsupportedLayer('Another layer has the same name.');
  const inputShapes = inputs.map((input) => lookUp(layers, input).shape);
  const layer = readLayer({ name, className, config, inputs, inputShapes });
  if (layer.operation.kind === 'input' && layers.size > 0) {
    throw new UnsupportedLayer('Networks with several inputs are unsupported.');
  }
  return layer;
}

/** What is malformed in a model file; inside a layer, under that layer's name. */
function malformed(issue: z.core.$ZodIssue, model: unknown): Problem {
  let place = model;
  let layer: string | undefined;
  for (const step of issue.path) {
    place = Object(place)[step];
    const { class_name, name } = Object(place);
    if (typeof class_name === 'string' && typeof name === 'string') layer = name;
  }
  const field = issue.path.slice(-3).join('.');
  return unsupported(layer ?? 'model.json', `Unsupported ${field}: ${issue.message}.`);
}

/** Reads the weights of all layers, by name. */
function readWeights(
  layers: ReadonlyMap<string, Layer>,
  specs: readonly WeightSpec[],
  bytes: Uint8Array,
): Result<Map<string, Float32Array>, Problem> {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const problems: Problem[] = [];
  const wanted = new Set<string>();
  for (const layer of layers.values()) {
    for (const [role, shape] of Object.entries(layer.weights)) {
      const name = weightName(layer, role as WeightRole);
      const found = shapes.get(name);
      wanted.add(name);
      if (found?.join() === shape.join()) continue;
      const what = found ? `has the shape [${found}] instead of [${shape}]` : 'is missing';
      problems.push(unsupported(layer.name, `Its weight ${name} ${what}.`));
    }
  }
  return problems.length > 0 ? failed(problems) : decodeWeights(wanted, specs, bytes);
}

/** Decodes with tfjs, which also reads quantised weights. */
function decodeWeights(
  wanted: ReadonlySet<string>,
  specs: readonly WeightSpec[],
  { buffer, byteOffset, byteLength }: Uint8Array,
): Result<Map<string, Float32Array>, Problem> {
  const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  let tensors: tf.NamedTensorMap;
  try {
    tensors = tf.io.decodeWeights(file, [...specs] as Parameters<typeof tf.io.decodeWeights>[1]);
  } catch (error) {
    const what = `The weights cannot be decoded: ${(error as Error).message}`;
    return failed([unsupported('weights', what)]);
  }
  const weights = new Map<string, Float32Array>();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (wanted.has(name)) weights.set(name, Float32Array.from(tensor.dataSync()));
    tensor.dispose();
  }
  return { ok: true, value: weights };
}
