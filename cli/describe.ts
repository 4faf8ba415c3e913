import pc from 'picocolors';
import type { StudentCard } from '#core/card.ts';
import { type CostEstimate, dollarsFor } from '#core/cost.ts';
import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { studentKeys } from '#core/keys.ts';
import { count, percent, table } from './output.ts';

/** The report on a student: its classes, its metrics, what was trained and why, the time it took, its location. */
export function describeStudent(card: StudentCard, { bucket }: { bucket: string }): string {
  const { test, calibration } = card.metrics;
  const { frozenParameters, trainedParameters, used, why } = card.freezePlan;
  const classes = card.data.perClass.map(({ name, train, validation, test: heldOut }, i) => {
    const metrics = card.metrics.perClass[i];
    return [
      `  ${name}`,
      ...[train, validation, heldOut].map(count),
      metrics ? `${count(metrics.correct)} of ${count(metrics.n)}` : '',
      metrics ? percent(metrics.f1) : '',
    ];
  });
  const seconds = Object.entries(card.timings).map(
    ([step, taken]) => `${step} ${taken.toFixed(1)} s`,
  );
  return [
    `Student ${pc.bold(card.student)}, version ${card.version}`,
    '',
    table([['  CLASS', 'TRAIN', 'VALIDATION', 'TEST', 'CORRECT', 'F1'], ...classes]),
    '',
    `Accuracy on ${count(test.n)} held-out test images: ${pc.bold(percent(test.accuracy))} (${interval(test.interval95)}; majority baseline ${percent(card.metrics.majorityBaseline)})`,
    `Balanced accuracy ${percent(test.balancedAccuracy.value)} (${interval(test.balancedAccuracy.interval95)}); macro-F1 ${percent(test.macroF1.value)} (${interval(test.macroF1.interval95)})`,
    `Expected calibration error ${percent(calibration.after.ece)} (temperature ${calibration.temperature.toFixed(2)}; ${percent(calibration.before.ece)} without). ${calibration.why}`,
    `Trained: ${partOf(used)}; ${count(frozenParameters)} parameters of ${card.teacher.name} frozen, ${count(trainedParameters)} trained. ${why}`,
    ...fineTuningOf(card),
    ...card.data.warnings.map((warning) => `Note: ${warning}`),
    `Training time: ${seconds.join(', ')}`,
    `Location: s3://${bucket}/${studentKeys(card.student, card.version).prefix}`,
  ].join('\n');
}

const interval = ([low, high]: readonly [number, number]): string =>
  `95% interval ${(100 * low).toFixed(1)}–${percent(high)}`;

/** The part of the network that was trained, in words. */
function partOf(used: string): string {
  if (used === 'head-only') return 'head only';
  if (used === 'full') return 'the whole network';
  const blocks = Number(used.replace('blocks:', ''));
  return blocks === 1 ? 'head and the last block' : `head and the last ${blocks} blocks`;
}

const STOPPED = {
  schedule: 'as scheduled',
  'early-stopping': 'stopped when the validation loss no longer fell',
  budget: 'shortened to fit the budget',
  diverged: 'stopped because the loss was no longer finite',
};

function fineTuningOf({ fineTuning }: StudentCard): string[] {
  if (!fineTuning) return [];
  const { regime, epochs, bestEpoch, stopped, examples, augmentation } = fineTuning;
  const best = bestEpoch === undefined ? '' : `; best epoch ${bestEpoch}`;
  return [
    `Fine-tuning: ${regime}, ${count(epochs)} epochs of ${count(examples)} images (${STOPPED[stopped]})${best}; augmentation: ${augmentation}`,
  ];
}

/** The maximum cost of a training job, shown before it starts. */
export const wordsOfEstimate = ({
  instanceType,
  seconds,
  dollars,
  pricesOf,
}: CostEstimate): string =>
  `at most ${money(dollars)} (${Math.round(seconds / 60)} minutes of ${instanceType}, on-demand price in us-east-1 as of ${pricesOf})`;

/** The billed time of a training job and its price; empty where nothing is billed. */
export function describeCost({ run }: Job): string {
  if (run?.billedSeconds === undefined || run.estimate === undefined) return '';
  const { instanceType = run.estimate.instanceType, billedSeconds } = run;
  const dollars = dollarsFor(instanceType, billedSeconds);
  const price = dollars === undefined ? '' : `, about ${money(dollars)}`;
  return `Billed: ${count(billedSeconds)} seconds of ${instanceType}${price}`;
}

const money = (dollars: number): string => `$${dollars.toFixed(2)}`;

/** The cells of a job in the table of all jobs. */
export const jobRow = (job: Job): string[] => [
  studentVersion(job.id),
  job.name,
  job.progress.state,
  job.updatedAt.slice(0, 19).replace('T', ' '),
  detailOf(job),
];

export const JOB_HEADER = ['JOB', 'DATASET', 'STATE', 'SINCE (UTC)', ''];

function detailOf({ progress, summary }: Job): string {
  switch (progress.state) {
    case 'waiting':
      return progress.reason;
    case 'rejected':
      return `${count(progress.problemCount)} ${progress.problemCount === 1 ? 'problem' : 'problems'}: ${progress.problems[0]?.what ?? ''}`;
    case 'failed':
      return `${progress.code}: ${progress.what}`;
    case 'published':
      return `accuracy ${percent(progress.accuracy)}`;
    default:
      return summary
        ? `${count(summary.examples)} images in ${count(summary.classes)} classes`
        : '';
  }
}

/** A job with its full history. */
export function describeJob(job: Job): string {
  const { id, name, dataset, bucket, progress, history, run, summary } = job;
  const facts: [string, string][] = [
    ['Job', id],
    ['Dataset', `${name} (s3://${bucket}/${dataset})`],
    ['State', progress.state],
  ];
  if (summary) {
    facts.push(['Data', `${count(summary.examples)} images in ${count(summary.classes)} classes`]);
  }
  if (run) facts.push(['Training job', `${run.trainingJobName} (attempt ${run.attempt})`]);
  if (run?.estimate) facts.push(['Cost limit', wordsOfEstimate(run.estimate)]);
  const cost = describeCost(job);
  if (cost) facts.push(['Billed', cost.replace('Billed: ', '')]);
  if (progress.state === 'waiting') facts.push(['Waiting', progress.reason]);
  if (progress.state === 'failed')
    facts.push(['Failed', `${progress.code}: ${progress.what} ${progress.remedy}`]);
  if (progress.state === 'rejected') {
    for (const { where, what, remedy } of progress.problems)
      facts.push(['Problem', `${where}: ${what} ${remedy}`]);
  }
  if (progress.state === 'published') {
    facts.push(['Student', `${name}/${progress.version}, accuracy ${percent(progress.accuracy)}`]);
  }
  facts.push(
    ...history.map(({ state, at }): [string, string] => [at.slice(0, 19).replace('T', ' '), state]),
  );
  return table(facts);
}
