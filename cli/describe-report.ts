import { PROBLEMS_IN_ROW, WARNINGS_IN_ROW } from '#core/problem.ts';
import { count } from '#core/quantities.ts';
import { describeDataset } from './describe-dataset.ts';
import { describeProblems } from './describe-problems.ts';
import type { LocalReport } from './judge-local.ts';
import { table } from './layout.ts';

/** What a dataset was taken for: its classes and their split, what is left out, warnings and problems. */
export function describeReport(report: LocalReport): string {
  const { classes, problems, warnings, lists, leftOut } = report;
  const shown = classes.slice(0, CLASSES);
  const rows = shown.map(({ name, examples, parts }) => [
    `  ${name}`,
    ...(parts ? [parts.train, parts.validation, parts.test] : [examples]).map(count),
  ]);
  const isSplit = classes.some(({ parts }) => parts);
  const header = ['  CLASS', ...(isSplit ? ['TRAIN', 'VALIDATION', 'TEST'] : ['IMAGES'])];
  const more = classes.length - shown.length;
  const told = describeDataset({
    ...report,
    lists: lists.length,
    leftOut,
    warnings: warnings.slice(0, WARNINGS_IN_ROW),
    warningCount: warnings.length,
  });
  const wrong = describeProblems(problems.slice(0, PROBLEMS_IN_ROW)).map((line) => `  ${line}`);
  const unshown = problems.length - PROBLEMS_IN_ROW;
  return [
    ...(classes.length > 0 ? [table([header, ...rows])] : []),
    ...(more > 0 ? [`  … and ${count(more)} more classes`] : []),
    `Images: ${count(report.examples)}, classes: ${count(classes.length)}; ${isSplit ? 'the given split is used' : 'the split is made for you'}.`,
    ...told,
    ...(problems.length > 0
      ? [`Problems (${count(problems.length)}):`, ...wrong]
      : ['No problems.']),
    ...(unshown > 0 ? [`  … and ${count(unshown)} more; --json has all of them.`] : []),
  ].join('\n');
}

const CLASSES = 50;
