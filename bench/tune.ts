import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { at } from '#core/at.ts';
import { sha256 } from '#core/identity.ts';
import { Recipe, retrainedBlocks } from '#core/recipe.ts';
import { cacheFolder } from '#engine/tensorflow/cache-folder.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { indicesOf, splitExamples } from '#training-image/data/split-examples.ts';
import { type Predictions, score } from '#training-image/evaluate/predictions.ts';
import type { Schedule } from '#training-image/fine-tune/schedule.ts';
import { createRowFile, floatRows } from '#training-image/storage/row-file.ts';
import { BenchError } from './bench-error.ts';
import type { CalibrationImage } from './calibration/dataset.ts';
import { DATASETS } from './calibration/datasets.ts';
import { divide, drawTraining } from './calibration/draw.ts';
import { cifarImages, type Photograph } from './cifar-images.ts';

// `npx tsx bench/tune.ts --note="…" --px=96 --per-class=100 --regime=blocks:4 …`: one fine-tuning on CIFAR-10, or on a
// dataset of the calibration (`--dataset=letters`), with settings of the schedule changed, as a row of TRIED.md. `--all`
// trains on all images, the validation part included.

const say = (line: string) => process.stderr.write(`${line}\n`);
const text = { type: 'string' } as const;
const { values: options } = parseArgs({
  options: {
    note: { type: 'string', default: '' },
    dataset: { type: 'string', default: 'cifar-10' },
    px: { type: 'string', default: '96' },
    'per-class': { type: 'string', default: '100' },
    test: { type: 'string', default: '1000' },
    regime: { type: 'string', default: 'blocks:4' },
    set: { type: 'string', default: 'inner' },
    teacher: { type: 'string', default: 'efficientnet-lite0' },
    seed: { type: 'string', default: '1' },
    augmentation: { type: 'string', default: '"auto"' },
    all: { type: 'boolean', default: false },
    epochs: text,
    batch: text,
    rate: text,
    'head-factor': text,
    'weight-decay': text,
    smoothing: text,
  },
});

const CIFAR_CLASSES = 10;
const seed = Number(options.seed);
const perClass = Number(options['per-class']);
const recipe = Recipe.parse({ augmentation: JSON.parse(options.augmentation), seed });

await ensureTensorflow(say);
// First of all, since the trainer's decoder limits what sharp may read, and some images are drawn as SVG.
const { learned, asked } = await imagesOf(options.dataset);
// Loaded only now: TensorFlow has to be in place.
const { decodeImage } = await import('#training-image/data/decode-image.ts');
const { readModel } = await import('#engine/read-model.ts');
const { featureSetsOf, layersOf, widthOf } = await import(
  '#training-image/features/feature-sets.ts'
);
const { loadTeacher } = await import('#training-image/features/load-teacher.ts');
const { IMAGES_AT_ONCE, openBackbone } = await import('#training-image/features/open-backbone.ts');
const { scheduleFor } = await import('#training-image/fine-tune/schedule.ts');
const { tuneStudent } = await import('#training-image/fine-tune/tune-student.ts');
const { chooseHeads, fitHead } = await import('#training-image/head/fit-head.ts');
const { headLogits } = await import('#training-image/head/head.ts');
const { featuresOf } = await import('#training-image/head/labelled-features.ts');

const report = { line: say, progress: () => undefined };
const never = { throwIfRequested: () => undefined };
const folder = await mkdtemp(join(tmpdir(), 'understudy-tune-'));
const scratch = join(folder, 'scratch');
const checkpoints = join(folder, 'checkpoints');
await mkdir(scratch);
await mkdir(checkpoints);
try {
  const entry = teacherNamed(options.teacher);
  if (!entry) throw new BenchError(`There is no teacher "${options.teacher}".`);
  const px = Number(options.px);
  const teacher = await loadTeacher(await importTeacher(entry, { report: say }), entry, px);
  const read = readModel(teacher.json, teacher.weights);
  if (!read.ok) throw new BenchError('The engine does not support the teacher.');
  const sets = featureSetsOf(read.value, entry.features, entry.blockOutputs);
  const set = sets.find(({ id }) => id === options.set);
  if (!set) throw new BenchError(`There are only the feature sets ${sets.map(({ id }) => id)}.`);

  const all = [...learned, ...asked];
  const labels = Int32Array.from(all, ({ label }) => label);
  const labelsOf = (indices: Int32Array) => indices.map((i) => at(labels, i));
  const test = Int32Array.from(asked, (_, i) => learned.length + i);
  const split = partsOf(learned);

  const decoded = await createRowFile(join(folder, 'images.u8'), px * px * 3);
  const rows = await createRowFile(join(folder, 'features.f32'), 4 * widthOf(set));
  const backbone = await openBackbone(teacher, layersOf(set));
  for (const [i, { png }] of all.entries()) await decoded.write(i, await decodeImage(png, px));
  for (let from = 0; from < all.length; from += IMAGES_AT_ONCE) {
    const count = Math.min(IMAGES_AT_ONCE, all.length - from);
    await rows.write(from, backbone.features(await decoded.read(from, count)));
  }
  backbone.dispose();

  const features = floatRows(rows);
  const classes = new Set(labels).size;
  const weigh = () => new Array<number>(classes).fill(1);
  const data = { features, labels, weigh, scratch };
  const heads = await chooseHeads(data, { splits: [split], folds: 1 }, report, never);
  const train = options.all ? Int32Array.from(learned, (_, i) => i) : split.train;
  const { head } = await fitHead(data, train, heads, report, never);
  const headLogitsOfTest = await headLogits(head, featuresOf(features, test));

  const retrained = retrainedBlocks(options.regime, entry.blockOutputs.length);
  const schedule = changedSchedule(scheduleFor(train.length, retrained));
  const tuning = {
    teacher,
    set,
    retrained,
    recipe,
    rate: 1,
    epochs: 1,
    flip: true,
    schedule,
    decoded,
    labels,
    weigh,
    scratch,
    checkpoints,
    cacheKey: [],
    elapsed: () => 0,
  };
  const used = process.cpuUsage();
  const parts = { train, heldOut: split.heldOut };
  const { student } = await tuneStudent(tuning, 'bench', parts, head, 1e9, report, never);
  const { user, system } = process.cpuUsage(used);
  if (!student) throw new BenchError('The fine-tuning gave no student.');
  const on = async (indices: Int32Array) => ({
    logits: await student.predict(indices),
    labels: labelsOf(indices),
  });
  const validation = await on(split.heldOut);
  const row = [
    options.note,
    `${options.dataset}, ${options.regime}, ${px} px, ${perClass} per class${entry.name === 'efficientnet-lite0' ? '' : `, ${entry.name}`}`,
    `${options.set}, ${train.length} images, seed ${seed}`,
    `${schedule.epochs} × ${schedule.batchSize}`,
    figure(heads.predictions),
    percent({ logits: headLogitsOfTest, labels: labelsOf(test) }),
    options.all ? '–' : figure(validation),
    percent(await on(test)),
    ((user + system) / 1e6).toFixed(0),
  ];
  const line = `| ${row.join(' | ')} |\n`;
  say(line);
  await appendFile(fileURLToPath(new URL('TRIED.md', import.meta.url)), line);
  student.dispose();
  await decoded.close();
  await rows.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The images to learn from and those to test on. */
async function imagesOf(name: string): Promise<{ learned: Photograph[]; asked: Photograph[] }> {
  if (name === 'cifar-10') {
    const folderOfImages = join(cacheFolder(), 'bench', name);
    const perTestedClass = Number(options.test) / CIFAR_CLASSES;
    return {
      learned: await cifarImages(folderOfImages, 'train', perClass, say),
      asked: await cifarImages(folderOfImages, 'test', perTestedClass, say),
    };
  }
  const dataset = DATASETS.find((each) => each.name === name);
  if (!dataset) throw new BenchError(`There is no dataset "${name}".`);
  const divided = divide(name, await dataset.load(say));
  const classes = [...divided.pool.keys()];
  const numbered = (images: readonly CalibrationImage[]) =>
    images.map(({ png, label }) => ({ png, label: classes.indexOf(label) }));
  return {
    learned: numbered(drawTraining(divided, perClass, seed)),
    asked: numbered(divided.test),
  };
}

function changedSchedule(base: Schedule): Schedule {
  const number = (name: keyof typeof options, otherwise: number) =>
    options[name] === undefined ? otherwise : Number(options[name]);
  const rate = number('rate', at(base.learningRates, 0));
  const headRate = rate * number('head-factor', 0.1);
  return {
    ...base,
    epochs: number('epochs', base.epochs),
    batchSize: number('batch', base.batchSize),
    learningRates: base.learningRates.map((_, i, { length }) =>
      i === length - 1 ? headRate : rate,
    ),
    weightDecay: number('weight-decay', base.weightDecay),
    labelSmoothing: number('smoothing', base.labelSmoothing),
  };
}

/** The same parts as those of a job with these fractions. */
function partsOf(photographs: readonly Photograph[]): { train: Int32Array; heldOut: Int32Array } {
  const hashed = photographs.map(({ png, label }) => ({ contentSha256: sha256(png), label }));
  const { parts } = splitExamples(hashed, { validation: 0.1, test: 0.05 }, 1);
  return { train: indicesOf(parts, 'train'), heldOut: indicesOf(parts, 'validation') };
}

function percent(predictions: Predictions): string {
  return (100 * score(predictions).accuracy).toFixed(1);
}

function figure(predictions: Predictions): string {
  return `${percent(predictions)} / ${score(predictions).crossEntropy.toFixed(3)}`;
}
