import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256 } from '#core/identity.ts';
import { mlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { ENTRY_FILE, importTeacher } from '#teachers/import-teacher.ts';
import { type Files, layOutJob } from '#test/training-image/training-job.ts';
import { decodePicture } from '#training-image/data/decode-picture.ts';
import { cacheFolder } from '#training-image/tensorflow/cache-folder.ts';
import { ensureTensorflow } from '#training-image/tensorflow/ensure-tensorflow.ts';
import { cifarPictures, type Photograph } from './cifar-pictures.ts';
import { under } from './machine.ts';
import { type Accuracy, keepAccuracy } from './record.ts';
import { writeResults } from './results.ts';
import { type Places, setUp } from './set-up.ts';
import { lastLineOf } from './start-contender.ts';
import { Stop } from './stop.ts';

// `npx tsx bench/cifar.ts`: how right students are, beside what Keras makes of the same pictures and weights. In full:
// `--per-class=10 --per-class=100 --test=1000 --px=96 --px=224 --regime=head-only --regime=blocks:2 --regime=full`

const say = (line: string) => process.stderr.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    'per-class': { type: 'string', multiple: true, default: ['10'] },
    test: { type: 'string', default: '300' },
    px: { type: 'string', multiple: true, default: ['224'] },
    regime: { type: 'string', multiple: true, default: ['head-only'] },
    pictures: { type: 'string', default: join(cacheFolder(), 'bench', 'cifar-10') },
  },
});

const CLASSES = 10;

const work = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
try {
  await ensureTensorflow(say);
  const places = await setUp(false, say);
  const testPerClass = whole(values.test) / CLASSES;
  for (const px of values.px.map(whole)) {
    const teacher = await teacherFor(px);
    const test = await cifarPictures(values.pictures, 'test', testPerClass, say);
    await writePictures('test', test, px);
    for (const perClass of values['per-class'].map(whole)) {
      const train = await cifarPictures(values.pictures, 'train', perClass, say);
      await writePictures('train', train, px);
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
  if (!(error instanceof Stop)) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  await rm(work, { recursive: true, force: true });
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Stop(`"${text}" is not a whole number of at least 1.`);
}

interface SizedTeacher {
  entry: TeacherEntry;
  folder: string;
}

/** The teacher for pictures of another size: convolutions take any, and the mean over the picture goes with it. */
async function teacherFor(px: number): Promise<SizedTeacher> {
  const original = teacherNamed('efficientnet-lite0');
  if (!original) throw new Error('efficientnet-lite0 is not in the catalogue');
  const from = await importTeacher(original, { report: say });
  const model = JSON.parse(await readFile(join(from, 'model.json'), 'utf8'));
  model.modelTopology.model_config.config.layers[0].config.batch_input_shape = [null, px, px, 3];
  const contents = new Map([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ['weights.bin', await readFile(join(from, 'weights.bin'))],
  ]);
  const files = original.files.map(({ name }) => {
    const content = contents.get(name) ?? Buffer.alloc(0);
    return { name, bytes: content.length, sha256: sha256(content) };
  });
  const entry = { ...original, input: { ...original.input, px }, files };
  const folder = join(work, `teacher-${px}`);
  await mkdir(folder);
  for (const [name, content] of contents) await writeFile(join(folder, name), content);
  await writeFile(join(folder, ENTRY_FILE), JSON.stringify(entry));
  return { entry, folder };
}

/** As our decoder leaves them, for everybody: uint8 [n, px, px, 3], and their classes. */
async function writePictures(name: string, photographs: readonly Photograph[], px: number) {
  const pictures: Buffer[] = [];
  for (const { png } of photographs) pictures.push(await decodePicture(png, px));
  await writeFile(join(work, `${name}.u8`), Buffer.concat(pictures));
  const labels = Uint8Array.from(photographs, ({ label }) => label);
  await writeFile(join(work, `${name}-labels.u8`), labels);
}

/** The share of the test's pictures that each of the two gets right. */
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
  // Of these pictures the trainer keeps some for validation and for its own test: Keras learns from all of them.
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
