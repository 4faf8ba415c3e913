import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newGraph } from '#engine/graph.ts';
import { readModel } from '#engine/read-model.ts';
import { SAVED_MODEL_FILE, savedModelBytes } from '#engine/saved-model.ts';
import { trainableNetwork } from '#engine/trainable-network.ts';
import { variableAccess } from '#engine/variables.ts';
import { writeStep } from '#engine/write-step.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { LEARNING_RATE } from '../task.ts';

// Writes the engine's step as a SavedModel with a list of its variables: for TensorFlow's timeline, which needs Python.
const [, , teacher = '', folder = ''] = process.argv;
const json: unknown = JSON.parse(readFileSync(join(teacher, 'model.json'), 'utf8'));
const read = readModel(json, new Uint8Array(readFileSync(join(teacher, 'weights.bin'))));
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const blockOutputs = teacherNamed('efficientnet-lite0')?.blockOutputs ?? [];
const settings = {
  blockOutputs,
  retrained: blockOutputs.length,
  input: 'images' as const,
  optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0 },
  learningRates: new Array<number>(blockOutputs.length + 1).fill(LEARNING_RATE),
};

const graph = newGraph();
const network = trainableNetwork(graph, read.value, settings);
const feeds = {
  input: graph.placeholder('input', 'uint8', network.inputShape),
  labels: graph.placeholder('labels', 'int32', [-1]),
  learningRateScale: graph.placeholder('learning_rate_scale', 'float32', []),
};
const { report, state } = writeStep(graph, network, feeds, settings);
const all = [...network.variables, ...state];
variableAccess(graph, all);
const signature = { name: 'step', inputs: feeds, outputs: { report } };
writeFileSync(join(folder, SAVED_MODEL_FILE), savedModelBytes(graph, [signature]));
const variables = all.map(({ variable: { name, shape } }) => ({ name, shape }));
const values = all.flatMap(({ parts }) =>
  parts.map(({ name, length }) => read.value.weights.get(name) ?? new Float32Array(length)),
);
writeFileSync(
  join(folder, 'values.f32'),
  Buffer.concat(values.map((each) => new Uint8Array(each.buffer))),
);
writeFileSync(join(folder, 'variables.json'), JSON.stringify(variables));
process.stdout.write('written\n');
