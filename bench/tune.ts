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
import { decodeImage } from '#training-image/data/decode-image.ts';
import { indicesOf, splitExamples } from '#training-image/data/split-examples.ts';
import { score } from '#training-image/evaluate/predictions.ts';
import { createRowFile, floatRows } from '#training-image/storage/row-file.ts';
import { cifarImages, type Photograph } from './cifar-images.ts';
import { sizedTeacher } from './sized-teacher.ts';

// `npx tsx bench/tune.ts --note="…" --px=96 --per-class=100 --regime=blocks:4 …`: one fine-tuning on CIFAR-10, with
// settings of the recipe changed, as a row of TRIED.md. `--all` trains on all images, without the validation part.

const say = (line: string) => process.stderr.write(`${line}\n`);
const text = { type: 'string' } as const;
const { values: options } = parseArgs({
  options: {
    note: { type: 'string', default: '' },
    px: { type: 'string', default: '96' },
    'per-class': { type: 'string', default: '100' },
    test: { type: 'string', default: '1000' },
    regime: { type: 'string', default: 'blocks:4' },
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

const CLASSES = 10;
const seed = Number(options.seed);
const perClass = Number(options['per-class']);
const recipe = Recipe.parse({ augmentation: JSON.parse(options.augmentation), seed });

await ensureTensorflow(say);
// Loaded only now: TensorFlow has to be in place.
const { frozenPrefix } = await import('#engine/frozen-prefix.ts');
const { fineTune } = await import('#training-image/fine-tune/fine-tune.ts');
const { scheduleFor } = await import('#training-image/fine-tune/schedule.ts');
const { loadTeacher } = await import('#training-image/features/load-teacher.ts');
const { fitHead } = await import('#training-image/head/fit-head.ts');
const { labelledFeatures } = await import('#training-image/head/labelled-features.ts');
const { buildStudent } = await import('#training-image/student/build-student.ts');
const { requireTopology } = await import('#training-image/student/network.ts');
const { fineTunedStudent, headStudent } = await import(
  '#training-image/student/trained-student.ts'
);

const folder = await mkdtemp(join(tmpdir(), 'understudy-tune-'));
const [scratch, checkpoints] = ['scratch', 'checkpoints'].map((name) => join(folder, name)) as [
  string,
  string,
];
await mkdir(scratch);
await mkdir(checkpoints);
const quiet = { line: (line: string) => say(line), progress: () => undefined };
const never = { throwIfRequested: () => undefined };
try {
  const px = Number(options.px);
  const { entry, folder: teacherFolder } = await sizedTeacher(px, folder, say);
  const teacher = await loadTeacher(teacherFolder, entry);
  const images = join(cacheFolder(), 'bench', 'cifar-10');
  const learned = await cifarImages(images, 'train', perClass, say);
  const asked = await cifarImages(images, 'test', Number(options.test) / CLASSES, say);
  const all = [...learned, ...asked];
  const labels = Int32Array.from(all, ({ label }) => label);
  const decoded = await createRowFile(join(folder, 'images.u8'), px * px * 3);
  for (const [i, { png }] of all.entries()) await decoded.write(i, await decodeImage(png, px));

  const { train, validation } = partsOf(learned);
  const test = Int32Array.from(asked, (_, i) => learned.length + i);
  const part = (indices: Int32Array) => ({
    indices,
    labels: indices.map((i) => at(labels, i)),
  });

  const features = await createRowFile(join(folder, 'features.f32'), 4 * entry.features.size);
  const start0 = requireTopology(await buildStudent(teacher, emptyHead(entry.features.size)));
  const prefix = frozenPrefix(start0, [entry.features.layer]);
  for (let i = 0; i < all.length; i += 32) {
    const count = Math.min(32, all.length - i);
    await features.write(i, at(prefix.run(await decoded.read(i, count), count), 0));
  }
  prefix.dispose();
  const rows = floatRows(features);
  const weigh = () => new Array<number>(CLASSES).fill(1);
  const head = await fitHead(
    {
      train: labelledFeatures(rows, train, labels),
      validation: labelledFeatures(rows, validation, labels),
      weigh,
      scratch,
    },
    quiet,
    never,
  );
  const fitted = options.all ? head.head : head.beforeRefit;
  const headOnly = await headStudent(
    teacher,
    { ...head, head: fitted },
    rows,
    labelledFeatures(rows, validation, labels),
  );
  const start = await buildStudent(teacher, fitted);

  const retrained = retrainedBlocks(options.regime, entry.blockOutputs.length);
  const taught = options.all ? Int32Array.from(learned, (_, i) => i) : train;
  const base = scheduleFor(taught.length, retrained);
  const rate = Number(options.rate ?? base.learningRates[0]);
  const headFactor = Number(options['head-factor'] ?? 0.1);
  const schedule = {
    ...base,
    epochs: Number(options.epochs ?? base.epochs),
    batchSize: Number(options.batch ?? base.batchSize),
    learningRates: [...new Array<number>(retrained).fill(rate), rate * headFactor],
    weightDecay: Number(options['weight-decay'] ?? base.weightDecay),
    labelSmoothing: Number(options.smoothing ?? base.labelSmoothing),
  };
  const used = process.cpuUsage();
  const outcome = await fineTune(
    {
      start: requireTopology(start),
      entry,
      retrained,
      recipe,
      flip: true,
      schedule,
      decoded,
      train: part(taught),
      validation: part(validation),
      classWeights: weigh(),
      scratch,
      checkpoints,
      cacheKey: [],
      budgetSeconds: 1e6,
      elapsed: () => 0,
    },
    quiet,
    never,
  );
  const { user, system } = process.cpuUsage(used);
  const { weights = new Map() } = outcome;
  const tuned = await fineTunedStudent(start, weights, decoded, part(validation), quiet, never);

  const of = async ({ predict }: { predict: typeof tuned.predict }, indices: Int32Array) =>
    score({ ...part(indices), logits: await predict(indices) });
  const row = [
    options.note,
    `${options.regime}, ${px} px, ${perClass} a class`,
    `${taught.length}, seed ${seed}`,
    `${schedule.epochs} × ${schedule.batchSize}`,
    figure(score(headOnly.validation)),
    percent(await of(headOnly, test)),
    options.all ? '–' : figure(score(tuned.validation)),
    percent(await of(tuned, test)),
    ((user + system) / 1e6).toFixed(0),
  ];
  const line = `| ${row.join(' | ')} |\n`;
  say(line);
  await appendFile(fileURLToPath(new URL('TRIED.md', import.meta.url)), line);
  tuned.dispose();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The same parts as those of bench/cifar.ts. */
function partsOf(photographs: readonly Photograph[]) {
  const hashed = photographs.map(({ png, label }) => ({ contentSha256: sha256(png), label }));
  const { parts } = splitExamples(hashed, { validation: 0.1, test: 0.05 }, 1);
  return { train: indicesOf(parts, 'train'), validation: indicesOf(parts, 'validation') };
}

function emptyHead(d: number) {
  const scaling = { mean: new Float32Array(d), deviation: new Float32Array(d).fill(1) };
  return { scaling, kernel: new Float32Array(d * CLASSES), bias: new Float32Array(CLASSES) };
}

function percent({ accuracy }: { accuracy: number }): string {
  return (100 * accuracy).toFixed(1);
}

function figure({ accuracy, crossEntropy }: { accuracy: number; crossEntropy: number }): string {
  return `${percent({ accuracy })} / ${crossEntropy.toFixed(3)}`;
}
