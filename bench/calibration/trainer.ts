import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { at } from '#core/at.ts';
import { parseCard } from '#core/card.ts';
import { mlFolder } from '#core/ml-folder.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { stopSignal } from '#training-image/job/reporter.ts';
import { train } from '#training-image/train.ts';

// A process that trains one student after the other, since starting Node and TensorFlow takes longer than many a training.
// Its parent sends `Order`s and gets an `Answer` to each.

export interface Order {
  root: string; // the folder of a job
  tests: string; // a folder of images with `test.json`, their files and classes
}

export type Answer =
  | {
      accuracy: number;
      cpuSeconds: number;
      wallSeconds: number;
      plan: Record<string, unknown>; // the card's freezePlan
      facts: Record<string, unknown> | null; // the card's plan: what was measured before it was decided
      validation: Record<string, unknown>;
      versions: Record<string, string>;
    }
  | { error: string };

const AT_ONCE = 100;
const never = stopSignal(new Int32Array(new SharedArrayBuffer(4)));
const quiet = { line: () => undefined, progress: () => undefined };

process.on('message', (order: Order) => {
  answer(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.send?.({ error: error instanceof Error ? error.message : String(error) });
    },
  );
});

async function answer({ root, tests }: Order): Promise<Answer> {
  const folders = mlFolder(root);
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await train(folders, TEACHERS, quiet, never);
  const { user, system } = process.cpuUsage(cpu);
  const wallSeconds = (performance.now() - started) / 1e3;

  const text = await readFile(join(folders.model, 'student.json'), 'utf8');
  const result = parseCard(text);
  if (!('card' in result)) throw new Error(`The student's card is ${result.problem}.`);
  const { classes, input, freezePlan, metrics, environment } = result.card;
  const { understudy, tensorflow, node } = environment;
  return {
    accuracy: await accuracyOf(join(folders.model, 'model', 'model.json'), classes, {
      tests,
      px: input.px,
    }),
    cpuSeconds: (user + system) / 1e6,
    wallSeconds,
    plan: freezePlan,
    facts: JSON.parse(text).plan ?? null,
    validation: metrics.validation,
    versions: { understudy, tensorflow, node },
  };
}

/** The accuracy of the student's layers-model, run by tfjs as users run it. */
async function accuracyOf(
  model: string,
  classes: readonly string[],
  { tests, px }: { tests: string; px: number },
): Promise<number> {
  const student = await tf.loadLayersModel(`file://${model}`);
  const { pixels, labels } = await decodedTests(tests, px);
  const size = px * px * 3;
  let correct = 0;
  for (let from = 0; from < labels.length; from += AT_ONCE) {
    const some = Float32Array.from(pixels.subarray(from * size, (from + AT_ONCE) * size));
    const predictions = tf.tidy(() => {
      const logits = student.predictOnBatch(tf.tensor4d(some, [some.length / size, px, px, 3]));
      return (logits as tf.Tensor2D).argMax(1).dataSync();
    });
    for (const [i, prediction] of predictions.entries()) {
      if (at(classes, prediction) === labels[from + i]) correct += 1;
    }
  }
  student.dispose();
  return correct / labels.length;
}

interface DecodedTests {
  pixels: Uint8Array; // [n, px, px, 3]
  labels: string[];
}

const decodedBefore = new Map<string, Promise<DecodedTests>>();

function decodedTests(folder: string, px: number): Promise<DecodedTests> {
  const key = `${px} ${folder}`;
  const decoded = decodedBefore.get(key) ?? decodeTests(folder, px);
  decodedBefore.set(key, decoded);
  return decoded;
}

async function decodeTests(folder: string, px: number): Promise<DecodedTests> {
  const tests = JSON.parse(await readFile(join(folder, 'test.json'), 'utf8')) as {
    file: string;
    label: string;
  }[];
  const size = px * px * 3;
  const pixels = new Uint8Array(tests.length * size);
  for (const [i, { file }] of tests.entries()) {
    pixels.set(await decodeImage(await readFile(join(folder, file)), px), i * size);
  }
  return { pixels, labels: tests.map(({ label }) => label) };
}
