import { type CostEstimate, dollarsFor } from '#core/cost.ts';
import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { FINAL, type TrainingStep } from '#core/job-progress.ts';
import { jobKeys } from '#core/keys.ts';
import { count, percent } from '#core/quantities.ts';
import { comparisonInWords } from '#core/version-comparison.ts';
import { versionInWords } from '#core/versions.ts';
import { describeDataset } from './describe-dataset.ts';
import { describeProblems } from './describe-problems.ts';
import { table } from './layout.ts';

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
export const jobRow = (job: Job, pipeline: { trains: boolean }): string[] => [
  studentVersion(job.id),
  job.name,
  stateInWords(job, pipeline),
  job.updatedAt.slice(0, 19).replace('T', ' '),
  detailOf(job),
];

/** Whether an unfinished job stands still because no pipeline works on it. */
const isPaused = ({ progress }: Job, { trains }: { trains: boolean }): boolean =>
  !trains && !FINAL.has(progress.state);

/** The state of a job as users see it. */
export const stateInWords = (job: Job, pipeline: { trains: boolean }): string =>
  isPaused(job, pipeline) ? 'paused' : job.progress.state;

export const JOB_HEADER = ['JOB', 'DATASET', 'STATE', 'SINCE (UTC)', 'DETAILS'];

function detailOf({ progress, summary }: Job): string {
  switch (progress.state) {
    case 'waiting':
      return progress.reason;
    case 'training':
      return progress.step === undefined ? dataOf(summary) : stepInWords(progress);
    case 'rejected':
      return `${count(progress.problemCount)} ${progress.problemCount === 1 ? 'problem' : 'problems'}: ${progress.problems[0]?.what ?? ''}`;
    case 'failed':
      return `${progress.code}: ${progress.what}`;
    case 'published':
      return `${progress.number === undefined ? '' : `v${progress.number}, `}accuracy ${percent(progress.accuracy)}`;
    default:
      return dataOf(summary);
  }
}

const dataOf = (summary: Job['summary']): string =>
  summary ? `${count(summary.examples)} images in ${count(summary.classes)} classes` : '';

/** What a training job does before or after it trains: `Pending: Waiting for a spot instance`. */
export const stepInWords = ({ step = '', message }: TrainingStep): string =>
  message === undefined ? step : `${step}: ${message}`;

/** A job with its full history. */
export function describeJob(job: Job, pipeline: { trains: boolean }): string {
  const { id, name, dataset, bucket, progress, history, run, summary } = job;
  const facts: [string, string][] = [
    ['Job', id],
    ['Dataset', `${name} (s3://${bucket}/${dataset})`],
    [
      'State',
      isPaused(job, pipeline)
        ? `paused while ${progress.state}; it goes on with "npx understudy up" or the same "train" again`
        : progress.state,
    ],
  ];
  if (summary) {
    facts.push(['Data', `${count(summary.examples)} images in ${count(summary.classes)} classes`]);
    facts.push(...describeDataset(summary).map((line): [string, string] => ['', line]));
  }
  if (run) facts.push(['Training job', `${run.trainingJobName} (attempt ${run.attempt})`]);
  if (run?.estimate) facts.push(['Cost limit', wordsOfEstimate(run.estimate)]);
  const cost = describeCost(job);
  if (cost) facts.push(['Billed', cost.replace('Billed: ', '')]);
  if (progress.state === 'training' && progress.step) facts.push(['Now', stepInWords(progress)]);
  if (progress.state === 'waiting') facts.push(['Waiting', progress.reason]);
  if (progress.state === 'failed')
    facts.push(['Failed', `${progress.code}: ${progress.what} ${progress.remedy}`]);
  if (progress.state === 'rejected') {
    const { problems, counts, problemCount } = progress;
    for (const line of describeProblems(problems, counts)) facts.push(['Problem', line]);
    if (problemCount > problems.length)
      facts.push(['', `${count(problemCount)} problems in all, see ${jobKeys(id).report}`]);
  }
  if (progress.state === 'published') {
    const student = `${name} ${versionInWords(progress)}`;
    facts.push(['Student', `${student}, accuracy ${percent(progress.accuracy)}`]);
    const { number, comparison } = progress;
    if (number !== undefined && comparison)
      facts.push(['Compared', comparisonInWords(number, comparison)]);
  }
  facts.push(
    ...history.map(({ state, at }): [string, string] => [at.slice(0, 19).replace('T', ' '), state]),
  );
  return table(facts);
}
