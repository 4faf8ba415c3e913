import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { at } from '#core/at.ts';
import { parseCard } from '#core/card.ts';
import { mlFolder } from '#core/ml-folder.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { runTraining } from '#training-image/supervise.ts';

// Trains one student and asks it the images that were held out; the folder of the job is the first argument, that of the
// images the second: `test.json` with the names of their files and their classes. The last line is what came of it.

const AT_ONCE = 100;
const [, , root = '', images = ''] = process.argv;

const folders = mlFolder(root);
const started = performance.now();
const worker = new URL('../contenders/training-worker.mjs', import.meta.url);
if ((await runTraining(folders, worker)) !== 0) {
  throw new Error(await readFile(folders.failure, 'utf8'));
}
const { user, system } = process.cpuUsage();
const cpuSeconds = (user + system) / 1e6;
const wallSeconds = (performance.now() - started) / 1e3;

const result = parseCard(await readFile(join(folders.model, 'student.json'), 'utf8'));
if (!('card' in result)) throw new Error(`The student's card is ${result.problem}.`);
const { card } = result;
const accuracy = await accuracyOf(card.classes, card.input.px);
const { freezePlan, metrics, environment } = card;
const { understudy, tensorflow, node } = environment;
const measured = {
  accuracy,
  cpuSeconds,
  wallSeconds,
  plan: freezePlan,
  validation: metrics.validation,
  versions: { understudy, tensorflow, node },
};
process.stdout.write(`\n${JSON.stringify(measured)}\n`);

/** Asked as anybody asks it: its layers-model, by tfjs. */
async function accuracyOf(classes: readonly string[], px: number): Promise<number> {
  const model = join(folders.model, 'model', 'model.json');
  const student = await tf.loadLayersModel(`file://${model}`);
  const tests = JSON.parse(await readFile(join(images, 'test.json'), 'utf8')) as {
    file: string;
    label: string;
  }[];
  let correct = 0;
  for (let from = 0; from < tests.length; from += AT_ONCE) {
    const some = tests.slice(from, from + AT_ONCE);
    const pixels = new Float32Array(some.length * px * px * 3);
    for (const [i, { file }] of some.entries()) {
      const decoded = await decodeImage(await readFile(join(images, file)), px);
      pixels.set(decoded, i * px * px * 3);
    }
    const predictions = tf.tidy(() => {
      const logits = student.predictOnBatch(tf.tensor4d(pixels, [some.length, px, px, 3]));
      return (logits as tf.Tensor2D).argMax(1).dataSync();
    });
    for (const [i, { label }] of some.entries()) {
      if (at(classes, at(predictions, i)) === label) correct += 1;
    }
  }
  return correct / tests.length;
}
