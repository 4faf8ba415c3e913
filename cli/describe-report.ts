import { PROBLEMS_IN_ROW, someOfEach, WARNINGS_IN_ROW } from '#core/problem.ts';
import { count } from '#core/quantities.ts';
import { describeDataset } from './describe-dataset.ts';
import { describeProblems } from './describe-problems.ts';
import { describeCost } from './expected-cost.ts';
import type { LocalReport } from './judge-local.ts';
import { table } from './layout.ts';

/** What a dataset was taken for: its classes and their split, what is left out, warnings and problems. */
export function describeReport(report: LocalReport): string {
  const { classes, problems, problemCount, warnings, warningCount, counts, lists, leftOut } =
    report;
  const shown = classes.slice(0, CLASSES);
  const rows = shown.map(({ name, examples, parts }) => [
    `  ${name}`,
    ...(parts ? [parts.train, parts.validation, parts.test] : [examples]).map(count),
  ]);
  const isSplit = classes.some(({ parts }) => parts);
  const header = ['  CLASS', ...(isSplit ? ['TRAIN', 'VALIDATION', 'TEST'] : ['IMAGES'])];
  const more = classes.length - shown.length;
  const split = isSplit ? 'the given split is used' : 'the split is made for you';
  const told = describeDataset({
    ...report,
    takenFor: classes.length > 0 ? report.takenFor : undefined, // of nothing, nothing is known
    lists: lists.length,
    leftOut,
    warnings: someOfEach(warnings, WARNINGS_IN_ROW),
    warningCount,
  });
  const shownProblems = someOfEach(problems, PROBLEMS_IN_ROW);
  const wrong = describeProblems(shownProblems, counts).map((line) => `  ${line}`);
  return [
    ...(classes.length > 0 ? [table([header, ...rows])] : []),
    ...(more > 0 ? [`  … and ${count(more)} more classes`] : []),
    `Images: ${count(report.examples)}, classes: ${count(classes.length)}${classes.length > 0 ? `; ${split}` : ''}.`,
    ...told,
    ...(problemCount > 0 ? [`Problems (${count(problemCount)}):`, ...wrong] : ['No problems.']),
    ...(problemCount > shownProblems.length ? ['  --json lists more of them.'] : []),
    ...(problemCount === 0 ? describeCost(report.cost) : []),
  ].join('\n');
}

const CLASSES = 50;
