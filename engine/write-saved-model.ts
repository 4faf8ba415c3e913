import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constantWeights } from './constant-weights.ts';
import { writeForward } from './forward.ts';
import { type GraphTensor, newGraph } from './graph.ts';
import { rescale } from './rules/rescale.ts';
import { softmax } from './rules/softmax.ts';
import { SAVED_MODEL_FILE, savedModelBytes } from './saved-model.ts';
import { newTape } from './tape.ts';
import { inputOf, type Topology } from './topology.ts';

/**
 * Writes a network as a SavedModel of one file, which TensorFlow reads in Python, in tfjs-node and in its server.
 *
 * Its signature, `serving_default`, takes `pixels`, float32 [n, height, width, channels], 0 to 255, and gives `logits`
 * and `probabilities`, both [n, classes].
 *
 * @param temperature by which logits are divided on their way to probabilities
 */
export async function writeSavedModel(
  topology: Topology,
  folder: string,
  temperature = 1,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, SAVED_MODEL_FILE), servedBytes(topology, temperature));
}

function servedBytes(topology: Topology, temperature: number): Uint8Array {
  const graph = newGraph();
  const tape = newTape(graph);
  const input = inputOf(topology);
  const pixels = graph.placeholder('pixels', 'float32', input.shape);
  const outputs = writeForward(
    tape,
    topology,
    new Map([[input.name, pixels]]),
    [topology.output],
    constantWeights(graph, topology),
  );
  const logits = outputs.get(topology.output) as GraphTensor;
  const probabilities = softmax(tape, rescale(tape, logits, 1 / temperature, 0));
  const signature = {
    name: 'serving_default',
    inputs: { pixels },
    outputs: { logits, probabilities },
  };
  return savedModelBytes(graph, [signature]);
}
