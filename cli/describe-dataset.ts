import type { Job } from '#core/job.ts';
import { leftOutInWords } from '#core/left-out-in-words.ts';
import { count } from '#core/quantities.ts';
import { describeProblems } from './describe-problems.ts';

type Facts = Pick<
  NonNullable<Job['summary']>,
  'examples' | 'takenFor' | 'lists' | 'leftOut' | 'warnings' | 'warningCount'
>;

/** What an accepted dataset was taken for, what was left out of it, and what is to be told, a line each. */
export function describeDataset(dataset: Facts): string[] {
  const { takenFor, warnings = [], warningCount = 0 } = dataset;
  const more = warningCount - warnings.length;
  return [
    ...(takenFor === undefined ? [] : [`Taken for ${takenFor}.`]),
    ...filesInWords(dataset),
    ...describeProblems(warnings).map((line) => `Warning: ${line}`),
    ...(more > 0 ? [`… and ${count(more)} more warnings`] : []),
  ];
}

/** Every file is an image that is used, a list that was used, or left out by a rule. */
export function filesInWords({ examples, lists = 0, leftOut = [] }: Facts): string[] {
  if (lists === 0 && leftOut.length === 0) return [];
  const all = leftOut.reduce((sum, { files }) => sum + files, 0);
  const files = [`${count(examples)} images`];
  if (lists > 0) files.push(`${countOf(lists, 'list')} of labels`);
  return [
    `Files: ${files.join(', ')}, ${count(all)} left out.`,
    ...leftOut.map((each) => `Left out: ${leftOutInWords(each)}.`),
  ];
}

const countOf = (n: number, thing: string): string => `${count(n)} ${thing}${n === 1 ? '' : 's'}`;
