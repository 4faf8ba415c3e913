import type { StudentRun } from './record.ts';
import { accuracies, accuracyOf, commitsOf, cpuSeconds } from './several-runs.ts';
import { percent, table, verdict } from './table.ts';

const CIFAR_CLASSES = 10;

/** Our goals on CIFAR-10, by images per class, px and regime. */
const WANTED: Record<string, number> = {
  '10 96 auto': 0.685,
  '10 224 auto': 0.77,
  '100 96 head-only': 0.82,
  '100 96 blocks:4': 0.865,
  '100 96 full': 0.86,
  '100 96 auto': 0.865,
  '100 224 head-only': 0.865,
  '100 224 blocks:4': 0.91,
  '100 224 auto': 0.925,
  '100 auto auto': 0.925,
};
const CLOSE_ENOUGH = 0.01; // for the others: at most a point below Keras

/** All results with CIFAR-10, ours next to those of Keras. */
export function cifarTable(all: readonly StudentRun[]): string {
  const runs = all.filter(({ set }) => set === 'cifar-10');
  if (runs.length === 0) return '';
  const rows = [...groupsOf(runs).values()].map((row) => cifarRow(row, runs));
  const head = ['images per class', 'input', 'teacher', 'regime', 'Understudy', 'chosen', 'Keras'];
  return [
    '## How accurate students are: CIFAR-10\n',
    'By `npx tsx bench/cifar.ts`; its first lines list the options. Both start from the same weights and get the same pixels.',
    'Understudy runs as a whole job, which holds out 10% of the images for validation and 5% for its own test. Keras learns from',
    'all of them, as a competent script does (`contenders/keras_student.py`): logistic regression on the standardised features,',
    'then AdamW at 3e-4 for 12 epochs from that head, on mirrored and shifted images. Next to `auto` is the best regime of Keras.',
    'Where no goal is listed, ours should be at most a point below Keras.\n',
    table([...head, 'wanted', '', 'CPU-seconds', 'commit'], rows),
  ].join('\n');
}

const rowOf = ({ images, px, teacher, regime }: StudentRun) =>
  [images, px, teacher, regime].join(' ');

function cifarRow(row: readonly StudentRun[], all: readonly StudentRun[]): string[] {
  const [first] = row;
  if (!first) return [];
  const { images, px, teacher, regime, test } = first;
  const perClass = images / CIFAR_CLASSES;
  const ours = row.filter(({ by }) => by === 'ours');
  const keras =
    regime === 'auto' ? bestOfKeras(first, all) : row.filter(({ by }) => by === 'keras');
  const ourMean = accuracyOf(ours);
  const theirMean = accuracyOf(keras);
  const listed = WANTED[`${perClass} ${px} ${regime}`];
  const wanted = listed ?? (theirMean !== undefined ? theirMean - CLOSE_ENOUGH : undefined);
  const isJudged = ourMean !== undefined && wanted !== undefined;
  return [
    ...[String(perClass), pixels(px), teacher.replace('efficientnet-', ''), regime],
    ...[accuracies(ours), [...new Set(ours.map(chosen))].join('; ')],
    accuracies(keras) + (regime === 'auto' && keras[0] ? ` (${keras[0].used.regime})` : ''),
    listed === undefined ? '' : `≥ ${percent(listed, 1)}`,
    // Compared in whole images: a difference of exactly 1% must not depend on how floats are rounded.
    isJudged ? verdict(Math.round(test * (ourMean - wanted)) >= 0) : '',
    [ours, keras].map(cpuSeconds).join(' / '),
    commitsOf(ours),
  ];
}

/** The runs of the most accurate regime with as many images of the same size. */
function bestOfKeras({ images, px }: StudentRun, all: readonly StudentRun[]): StudentRun[] {
  const alike = all.filter(
    (run) => run.by === 'keras' && run.images === images && (px === 'auto' || run.px === px),
  );
  const byRow = [...groupsOf(alike).values()];
  return byRow.sort((a, b) => (accuracyOf(b) ?? 0) - (accuracyOf(a) ?? 0))[0] ?? [];
}

/** The regime, size and teacher that were used, where they were not requested. */
function chosen({ used, px, regime, teacher }: StudentRun): string {
  const differing = [
    used.regime !== regime && used.regime,
    used.px !== px && pixels(used.px),
    used.teacher !== teacher && used.teacher.replace('efficientnet-', ''),
  ];
  return differing.filter(Boolean).join(', ');
}

const pixels = (px: number | 'auto'): string => (px === 'auto' ? px : `${px} px`);

/** The runs of each row. */
function groupsOf(runs: readonly StudentRun[]): Map<string, StudentRun[]> {
  const groups = new Map<string, StudentRun[]>();
  for (const run of runs) groups.set(rowOf(run), [...(groups.get(rowOf(run)) ?? []), run]);
  return groups;
}
