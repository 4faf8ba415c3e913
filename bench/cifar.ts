import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mlFolder } from '#core/ml-folder.ts';
import { cacheFolder } from '#engine/tensorflow/cache-folder.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { BenchError } from './bench-error.ts';
import { cifarImages, type Photograph } from './cifar-images.ts';
import { under } from './machine.ts';
import { type Accuracy, keepAccuracy } from './record.ts';
import { writeResults } from './results.ts';
import { type Places, setUp } from './set-up.ts';
import { type SizedTeacher, sizedTeacher } from './sized-teacher.ts';
import { lastLineOf } from './start-contender.ts';

// `npx tsx bench/cifar.ts`: the accuracy of students, next to Keras on the same images and weights. In full:
// `--per-class=10 --per-class=100 --test=1000 --px=96 --px=224 --regime=head-only --regime=blocks:2 --regime=full`

const say = (line: string) => process.stderr.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    'per-class': { type: 'string', multiple: true, default: ['10'] },
    test: { type: 'string', default: '300' },
    px: { type: 'string', multiple: true, default: ['224'] },
    regime: { type: 'string', multiple: true, default: ['head-only'] },
    images: { type: 'string', default: join(cacheFolder(), 'bench', 'cifar-10') },
  },
});

const CLASSES = 10;

const work = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
try {
  await ensureTensorflow(say);
  const places = await setUp(false, say);
  const testPerClass = whole(values.test) / CLASSES;
  for (const px of values.px.map(whole)) {
    const teacher = await sizedTeacher(px, work, say);
    const test = await cifarImages(values.images, 'test', testPerClass, say);
    await writeImages('test', test, px);
    for (const perClass of values['per-class'].map(whole)) {
      const train = await cifarImages(values.images, 'train', perClass, say);
      await writeImages('train', train, px);
      for (const regime of values.regime) {
        say(`${regime}, ${perClass} of each class, ${px} px`);
        const [circumstances, right] = await under(() => bothOf(teacher, train, regime, places));
        const what = { perClass, px, regime, test: test.length };
        await keepAccuracy({ ...circumstances, ...what, ...right });
        say(`Understudy ${right.understudy}, Keras ${right.keras} of 1`);
      }
    }
  }
  await writeResults();
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  await rm(work, { recursive: true, force: true });
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new BenchError(`"${text}" is not a whole number of at least 1.`);
}

/** The images for both, decoded by the trainer: uint8 [n, px, px, 3], and their classes. */
async function writeImages(name: string, photographs: readonly Photograph[], px: number) {
  const images: Buffer[] = [];
  for (const { png } of photographs) images.push(await decodeImage(png, px));
  await writeFile(join(work, `${name}.u8`), Buffer.concat(images));
  const labels = Uint8Array.from(photographs, ({ label }) => label);
  await writeFile(join(work, `${name}-labels.u8`), labels);
}

/** The accuracy of both on the test images. */
async function bothOf(
  { entry, folder }: SizedTeacher,
  train: readonly Photograph[],
  regime: string,
  places: Places,
): Promise<Pick<Accuracy, 'understudy' | 'keras' | 'seconds'>> {
  const files: Files = {};
  for (const [i, { png, label }] of train.entries()) files[`class-${label}/${i}.png`] = png;
  const root = join(work, 'job');
  await rm(root, { recursive: true, force: true });
  // The trainer holds some of these images out for validation and its own test; Keras trains on all of them.
  const recipe = { regime, split: { validation: 0.1, test: 0.05 } };
  const teacher = { entry, folder };
  await layOutJob(root, { form: 'folder', files, recipe, teacher });
  const px = String(entry.input.px);
  const started = performance.now();
  await lastLineOf('contenders/train-student.ts', [root], places);
  const trained = performance.now();
  const model = mlFolder(root).model;
  const ours = JSON.parse(
    await lastLineOf('contenders/test-student.ts', [join(model, 'model'), work, px], places),
  );
  const begun = performance.now();
  const theirs = JSON.parse(await lastLineOf('cifar_keras.py', [folder, work, px, regime], places));
  const seconds = [trained - started, performance.now() - begun].map((each) => each / 1e3);
  return { understudy: ours.accuracy, keras: theirs.accuracy, seconds };
}
