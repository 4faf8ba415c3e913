import type { Problem } from '#core/problem.ts';
import { count } from '#core/quantities.ts';

const SHOWN = 3; // of a kind

/**
 * The problems of a dataset, a line each; of many of one kind, a few examples and their number.
 *
 * @param counts how many there are of each code, if these are only some of them
 */
export function describeProblems(
  problems: readonly Problem[],
  counts: Readonly<Record<string, number>> = {},
): string[] {
  const kinds = new Map<string, Problem[]>();
  for (const each of problems) {
    const same = kinds.get(each.code);
    if (same) same.push(each);
    else kinds.set(each.code, [each]);
  }
  return [...kinds].flatMap(([code, each]) => describeKind(each, counts[code] ?? each.length));
}

function describeKind(problems: readonly Problem[], all: number): string[] {
  const [first] = problems;
  if (!first || all <= SHOWN) {
    return problems.map(({ where, what, remedy }) => `${where}: ${what} ${remedy}`);
  }
  const shown = problems.slice(0, SHOWN);
  const more = `and ${count(all - shown.length)} more`;
  if (problems.every(({ what }) => what === first.what)) {
    const where = shown.map((each) => each.where).join(', ');
    return [`${count(all)} files: ${first.what} ${first.remedy}`, `  ${where} ${more}`];
  }
  const lines = shown.map(({ where, what }) => `${where}: ${what}`);
  return [...lines, `  … ${more} of this kind. ${first.remedy}`];
}
