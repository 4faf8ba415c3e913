import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newGraph } from '#engine/graph.ts';
import { readTopology } from '#engine/read-topology.ts';
import { SAVED_MODEL_FILE, savedModelBytes } from '#engine/saved-model.ts';
import { trainedNetwork } from '#engine/trained-network.ts';
import { variableAccess } from '#engine/variable-access.ts';
import { writeStep } from '#engine/write-step.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { LEARNING_RATE } from '../task.ts';

// Writes the engine's step as a SavedModel with a list of its variables: for TensorFlow's timeline, which needs Python.
const [, , teacher = '', averages = '', folder = ''] = process.argv;
const json: unknown = JSON.parse(readFileSync(join(teacher, 'model.json'), 'utf8'));
const read = readTopology(json, new Uint8Array(readFileSync(join(teacher, 'weights.bin'))));
if ('problems' in read) throw new Error(JSON.stringify(read.problems));
const blocks = teacherNamed('efficientnet-lite0')?.blockOutputs ?? [];
const settings = {
  blocks,
  retrained: blocks.length,
  input: 'images' as const,
  averages: averages as 'frozen' | 'learnt',
  optimizer: { kind: 'adamw' as const, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0 },
  learningRates: new Array<number>(blocks.length + 1).fill(LEARNING_RATE),
};

const graph = newGraph();
const network = trainedNetwork(graph, read.topology, settings);
const feeds = {
  input: graph.placeholder('input', 'uint8', network.inputShape),
  labels: graph.placeholder('labels', 'int32', [-1]),
  importance: graph.placeholder('importance', 'float32', [-1]),
  rate: graph.placeholder('rate', 'float32', []),
  seed: graph.placeholder('seed', 'int32', []),
};
const { report, memory } = writeStep(graph, network, feeds, settings);
const all = [...network.variables, ...[network.averages ?? []].flat(), ...memory];
variableAccess(graph, all);
const signature = { name: 'step', inputs: feeds, outputs: { report } };
writeFileSync(join(folder, SAVED_MODEL_FILE), savedModelBytes(graph, [signature]));
const variables = all.map(({ variable: { name, shape } }) => ({ name, shape }));
const values = all.flatMap(({ parts }) =>
  parts.map(({ name, length }) => read.topology.weights.get(name) ?? new Float32Array(length)),
);
writeFileSync(
  join(folder, 'values.f32'),
  Buffer.concat(values.map((each) => new Uint8Array(each.buffer))),
);
writeFileSync(join(folder, 'variables.json'), JSON.stringify(variables));
process.stdout.write('written\n');
