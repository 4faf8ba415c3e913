import * as z from 'zod';
import type { Problem } from '#core/problem.ts';
import type { Layer } from './layer.ts';
import { notKnown } from './not-known.ts';
import { knowsKind, readLayer, unknownKind } from './read-layer.ts';
import { Manifest, readWeights } from './read-weights.ts';
import type { Topology } from './topology.ts';

const Reference = z.tuple([z.string(), z.literal(0), z.literal(0)], z.unknown()); // layer, its use, its output

const WrittenLayer = z.object({
  class_name: z.string(),
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.array(Reference)).max(1), // more: the layer is used twice
});
type WrittenLayer = z.infer<typeof WrittenLayer>;

const Network = z.object({
  class_name: z.enum(['Functional', 'Model']),
  config: z.object({
    name: z.string(),
    layers: z.array(WrittenLayer).min(1),
    input_layers: z.array(Reference).length(1),
    output_layers: z.array(Reference).length(1),
  }),
});

const Model = z.object({
  modelTopology: z.preprocess(
    (topology) => Object(topology).model_config ?? topology, // Keras's converter writes it one level deeper than tfjs
    Network,
  ),
  weightsManifest: Manifest,
});

/**
 * Reads a tfjs layers-model of one input and one output.
 *
 * @param model its `model.json`, parsed
 * @param weightFiles its weight files, joined in the order of the manifest
 * @returns the network; or what the engine does not know of it, by the layers' names
 */
export function readTopology(
  model: unknown,
  weightFiles: Uint8Array,
): { topology: Topology } | { problems: Problem[] } {
  const parsed = Model.safeParse(model);
  if (!parsed.success) {
    return { problems: parsed.error.issues.map((issue) => formProblem(issue, model)) };
  }
  const { name, layers: written, output_layers } = parsed.data.modelTopology.config;

  const { layers, problems } = readLayers(written);
  if (problems.length > 0) return { problems };
  const [output] = output_layers[0] ?? [''];
  if (!layers.has(output))
    return { problems: [notKnown(output, 'The network has no such layer.')] };

  const read = readWeights(layers, parsed.data.weightsManifest, weightFiles);
  return 'problems' in read ? read : { topology: { name, layers, output, ...read } };
}

/** All layers, each after its inputs. */
function readLayers(written: readonly WrittenLayer[]) {
  const layers = new Map<string, Layer>();
  const problems = written
    .filter(({ class_name }) => !knowsKind(class_name))
    .map(({ name, class_name }) => notKnown(name, unknownKind(class_name)));
  if (problems.length > 0) return { layers, problems }; // all at once; the others cannot be judged without them

  let waiting = written;
  for (let before = Infinity; waiting.length > 0 && waiting.length < before; ) {
    before = waiting.length;
    waiting = waiting.filter(({ name, class_name, config, inbound_nodes }) => {
      const inputs = (inbound_nodes[0] ?? []).map(([input]) => input);
      const shapes = inputs.map((input) => layers.get(input)?.shape);
      const known = shapes.filter((shape) => shape !== undefined);
      if (known.length < shapes.length) return true;

      const layer = layers.has(name)
        ? 'There is another layer of that name.'
        : readLayer(name, class_name, config, inputs, known);
      if (typeof layer === 'string') problems.push(notKnown(name, layer));
      else if (layer.operation.kind === 'input' && layers.size > 0)
        problems.push(notKnown(name, 'The engine knows only networks with one input.'));
      else layers.set(name, layer);
      return false;
    });
  }
  if (problems.length === 0) {
    // Otherwise they wait for a layer that was refused.
    problems.push(...waiting.map(({ name }) => notKnown(name, 'It takes in what is not there.')));
  }
  return { layers, problems };
}

/** Where a model file has not the form it should have; inside a layer, by the layer's name. */
function formProblem(issue: z.core.$ZodIssue, model: unknown): Problem {
  let place = model;
  let layer: string | undefined;
  for (const step of issue.path) {
    place = Object(place)[step];
    const { class_name, name } = Object(place);
    if (typeof class_name === 'string' && typeof name === 'string') layer = name;
  }
  const field = issue.path.slice(-3).join('.');
  return notKnown(
    layer ?? 'model.json',
    `The engine does not know such a ${field}: ${issue.message}.`,
  );
}
