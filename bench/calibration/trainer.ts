import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { at } from '#core/at.ts';
import { parseCard } from '#core/card.ts';
import { CARD_FILE } from '#core/keys.ts';
import { mlFolder } from '#core/ml-folder.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { requireTopology } from '#engine/network.ts';
import { readModel } from '#engine/read-model.ts';
import type { Topology } from '#engine/topology.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { describeEnvironment } from '#training-image/job/environment.ts';
import { stopSignal } from '#training-image/job/reporter.ts';
import { train } from '#training-image/train.ts';
import type { Regime } from './cells.ts';
import { trainRegimes } from './train-regimes.ts';

// A process that trains students, one order after the other, since starting Node and TensorFlow takes longer than many a
// training. Its parent sends `Order`s and gets an `Answer` to each.

export interface Order {
  root: string; // the folder of a job; for "auto" its recipe says so
  regimes: readonly Regime[]; // "auto" only alone
  tests: string; // a folder of images with `test.json`, their files and classes
}

export type Answer = { trained: Trained[] } | { error: string };

export interface Trained {
  regime: Regime;
  accuracy: number;
  cpuSeconds: number;
  plan: Record<string, unknown>; // what was trained, and why; of "auto" the card's freezePlan
  facts: Record<string, unknown> | null; // the card's plan: what was measured before it was decided
  versions: Record<string, string>;
}

const AT_ONCE = 100; // images
const never = stopSignal(new Int32Array(new SharedArrayBuffer(4)));
const quiet = { line: () => undefined, progress: () => undefined };

process.on('message', (order: Order) => {
  answer(order).then(
    (trained) => process.send?.({ trained }),
    (error: unknown) => {
      process.send?.({ error: error instanceof Error ? error.message : String(error) });
    },
  );
});

const answer = (order: Order): Promise<Trained[]> =>
  order.regimes[0] === 'auto' ? trainAuto(order) : trainFixed(order);

async function trainFixed({ root, regimes, tests }: Order): Promise<Trained[]> {
  const { understudy, tensorflow, node } = await describeEnvironment();
  const versions = { understudy, tensorflow, node };
  const trained: Trained[] = [];
  const fixed = regimes.filter((regime) => regime !== 'auto');
  await trainRegimes(mlFolder(root), fixed, async (result) => {
    const { regime, student, classes, px, facts, features, cpuSeconds } = result;
    const accuracy = await accuracyOf(requireTopology(student.network), classes, { tests, px });
    const plan = { used: regime, features, trainedParameters: student.trainedParameters };
    trained.push({ regime, accuracy, cpuSeconds, plan, facts, versions });
  });
  return trained;
}

async function trainAuto({ root, tests }: Order): Promise<Trained[]> {
  const folders = mlFolder(root);
  const begun = process.cpuUsage();
  await train(folders, TEACHERS, quiet, never);
  const { user, system } = process.cpuUsage(begun);

  const result = parseCard(await readFile(join(folders.model, CARD_FILE), 'utf8'));
  if (!('card' in result)) throw new Error(`The student's card is ${result.problem}.`);
  const { classes, input, freezePlan, plan: facts = null, environment } = result.card;
  const { understudy, tensorflow, node } = environment;
  const topology = await readStudent(join(folders.model, 'model'));
  return [
    {
      regime: 'auto',
      accuracy: await accuracyOf(topology, classes, { tests, px: input.px }),
      cpuSeconds: (user + system) / 1e6,
      plan: freezePlan,
      facts,
      versions: { understudy, tensorflow, node },
    },
  ];
}

/** The network of a saved layers-model. */
async function readStudent(folder: string): Promise<Topology> {
  const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const files = json.weightsManifest.flatMap(({ paths }: { paths: string[] }) => paths);
  const parts = await Promise.all(files.map((file: string) => readFile(join(folder, file))));
  const read = readModel(json, Uint8Array.from(Buffer.concat(parts)));
  if (!read.ok) throw new Error('The engine cannot read the student.');
  return read.value;
}

async function accuracyOf(
  student: Topology,
  classes: readonly string[],
  { tests, px }: { tests: string; px: number },
): Promise<number> {
  const { pixels, labels } = await decodedTests(tests, px);
  const size = px * px * 3;
  const whole = frozenPrefix(student, [student.output]);
  let correct = 0;
  for (let from = 0; from < labels.length; from += AT_ONCE) {
    const some = pixels.slice(from * size, (from + AT_ONCE) * size);
    const logits = at(whole.run(some, some.length / size), 0);
    for (const [i, label] of labels.slice(from, from + AT_ONCE).entries()) {
      const own = logits.subarray(i * classes.length, (i + 1) * classes.length);
      if (at(classes, own.indexOf(Math.max(...own))) === label) correct += 1;
    }
  }
  whole.dispose();
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
