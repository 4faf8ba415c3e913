import * as z from 'zod';

/** A fault in a user's input: where it is, what it is, and the remedy. A value, never an exception. */
export const Problem = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]*$/), // stable, for scripts
  where: z.string(), // the file, class or field, in the user's terms
  what: z.string(), // a sentence
  remedy: z.string(), // a sentence that begins with a verb
});
export type Problem = z.infer<typeof Problem>;

/** The number of problems that the row and the terminal show. DynamoDB limits a row to 400 kB. */
export const PROBLEMS_IN_ROW = 50;

/** The number of problems of one code in `report.json`, and of warnings. Chosen: 200,000 of them would have 100 MB. */
export const PROBLEMS_OF_A_CODE = 1_000;

/** The number of warnings about an accepted dataset that the row and the terminal show. */
export const WARNINGS_IN_ROW = 10;

export function problem(code: string, where: string, what: string, remedy: string): Problem {
  return { code, where: sanitise(where), what: sanitise(what), remedy: sanitise(remedy) };
}

/** What a problem is about that no single file has. */
export const THE_DATASET = 'the dataset';

/** What is about the whole dataset first, then by file, then by code: the same problems always have the same order. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const rank = ({ where }: Problem) => (where === THE_DATASET ? 0 : 1);
  return [...problems].sort(
    (a, b) => rank(a) - rank(b) || order(a.where, b.where) || order(a.code, b.code),
  );
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How many problems there are of each code, in the order of their first ones. */
export function countCodes(problems: readonly Problem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of problems) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** The first problems of each code, in their order. */
export function firstOfEach(problems: readonly Problem[], most: number): Problem[] {
  const taken: Record<string, number> = {};
  return problems.filter(({ code }) => {
    taken[code] = (taken[code] ?? 0) + 1;
    return taken[code] <= most;
  });
}

/** At most so many problems, in their order; a frequent one never crowds out the only one of its code. */
export function someOfEach(problems: readonly Problem[], most: number): Problem[] {
  if (problems.length <= most) return [...problems];
  const counts = Object.values(countCodes(problems));
  let each = most; // of a code
  while (each > 1 && counts.reduce((sum, n) => sum + Math.min(n, each), 0) > most) each -= 1;
  return firstOfEach(problems, each).slice(0, most);
}

const MAX_LENGTH = 300; // UTF-16 units; a key may have 1,024 bytes, and 50 problems must fit into the row

/** Names come from untrusted archives: this replaces control characters, for terminals and logs, and limits the length. */
export function sanitise(text: string): string {
  const visible = text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  if (visible.length <= MAX_LENGTH) return visible;
  const cut = visible.slice(0, MAX_LENGTH - 1);
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}…`; // never half a character
}
