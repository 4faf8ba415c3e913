import pc from 'picocolors';
import type { StudentCard } from '#core/card.ts';
import { dollarsFor, type Estimate } from '#core/cost.ts';
import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { studentKeys } from '#core/keys.ts';
import { count, percent, table } from './output.ts';

/** A student as a person wants to read it: what it knows, how good it is, why, how long it took, where it lies. */
export function describeStudent(card: StudentCard, { bucket }: { bucket: string }): string {
  const { test, calibration } = card.metrics;
  const { frozenParameters, trainedParameters, used, why } = card.freezePlan;
  const classes = card.data.perClass.map(({ name, train, validation, test: held }, i) => {
    const measured = card.metrics.perClass[i];
    return [
      `  ${name}`,
      `${count(train)} + ${count(validation)} + ${count(held)}`,
      measured ? `${measured.correct} of ${measured.n} right, F1 ${percent(measured.f1)}` : '',
    ];
  });
  const seconds = Object.entries(card.timings).map(
    ([step, taken]) => `${step} ${taken.toFixed(1)}`,
  );
  return [
    `Student ${pc.bold(card.student)}, version ${card.version}`,
    '',
    `Classes (images to train + to choose + held out), and the held-out ones:`,
    table(classes),
    '',
    `Accuracy on ${count(test.n)} held-out images: ${pc.bold(percent(test.accuracy))} (${interval(test.interval95)}; always guessing the largest class: ${percent(card.metrics.majorityBaseline)})`,
    `Balanced over the classes: ${percent(test.balancedAccuracy.value)} (${interval(test.balancedAccuracy.interval95)}); macro-F1 ${percent(test.macroF1.value)} (${interval(test.macroF1.interval95)})`,
    `Its probabilities are off by ${percent(calibration.after.ece)} on average (temperature ${calibration.temperature.toFixed(2)}; without it ${percent(calibration.before.ece)}). ${calibration.why}`,
    `Frozen: ${used}, ${count(frozenParameters)} parameters of ${card.teacher.name} frozen, ${count(trainedParameters)} trained. ${why}`,
    ...fineTuningOf(card),
    ...card.data.warnings.map((notice) => `Note: ${notice}`),
    `Seconds: ${seconds.join(', ')}`,
    `It lies in s3://${bucket}/${studentKeys(card.student, card.version).prefix}`,
  ].join('\n');
}

const interval = ([low, high]: readonly [number, number]): string =>
  `95 % interval ${percent(low)} to ${percent(high)}`;

const STOPPED = {
  schedule: 'all that were planned',
  'early-stopping': 'the validation loss stopped falling',
  budget: 'the time budget ended',
  diverged: 'the loss became NaN',
};

function fineTuningOf({ fineTuning }: StudentCard): string[] {
  if (!fineTuning) return [];
  const { regime, epochs, bestEpoch, stopped, examples, augmentation } = fineTuning;
  return [
    `Fine-tuning: ${regime}, ${count(epochs)} epochs of ${count(examples)} images (${STOPPED[stopped]}), the best was number ${bestEpoch}; augmentation: ${augmentation}`,
  ];
}

/** What a training costs at most: told before it starts. */
export const wordsOfEstimate = ({ instanceType, seconds, dollars, pricesOf }: Estimate): string =>
  `at most ${money(dollars)} (${Math.round(seconds / 60)} minutes of ${instanceType} on demand in us-east-1, prices of ${pricesOf})`;

/** What was billed for a training, where anything is; empty on one's own machine. */
export function describeCost({ run }: Job): string {
  if (run?.billedSeconds === undefined || run.estimate === undefined) return '';
  const { instanceType = run.estimate.instanceType, billedSeconds } = run;
  const dollars = dollarsFor(instanceType, billedSeconds);
  const price = dollars === undefined ? '' : `, about ${money(dollars)}`;
  return `Billed: ${count(billedSeconds)} seconds of ${instanceType}${price}`;
}

const money = (dollars: number): string => `$${dollars.toFixed(2)}`;

/** A job in one line of a table. */
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
      return `${percent(progress.accuracy)} right`;
    default:
      return summary
        ? `${count(summary.examples)} images of ${count(summary.classes)} classes`
        : '';
  }
}

/** A job with its whole history. */
export function describeJob(job: Job): string {
  const { id, name, dataset, bucket, progress, history, run, summary } = job;
  const facts: [string, string][] = [
    ['Job', id],
    ['Dataset', `${name} (s3://${bucket}/${dataset})`],
    ['State', progress.state],
  ];
  if (summary) {
    facts.push(['Classes', `${count(summary.classes)}, with ${count(summary.examples)} images`]);
  }
  if (run) facts.push(['Training job', `${run.trainingJobName} (attempt ${run.attempt})`]);
  if (run?.estimate) facts.push(['Cost', wordsOfEstimate(run.estimate)]);
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
    facts.push(['Student', `${name}/${progress.version}, ${percent(progress.accuracy)} right`]);
  }
  facts.push(
    ...history.map(({ state, at }): [string, string] => [at.slice(0, 19).replace('T', ' '), state]),
  );
  return table(facts);
}
