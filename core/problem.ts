import * as z from 'zod';

/** A fault in a user's input: where it is, what it is, and the remedy. A value, never an exception. */
export const Problem = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]*$/), // stable, for scripts
  where: z.string(), // the file, class or field, in the user's terms
  what: z.string(), // a sentence
  remedy: z.string(), // a sentence that begins with a verb
});
export type Problem = z.infer<typeof Problem>;

/** The number of problems that the row and the terminal show; `report.json` has all. DynamoDB limits a row to 400 kB. */
export const PROBLEMS_IN_ROW = 50;

/** The number of warnings about an accepted dataset that the row and the terminal show. */
export const WARNINGS_IN_ROW = 10;

export function problem(code: string, where: string, what: string, remedy: string): Problem {
  return { code, where: sanitise(where), what: sanitise(what), remedy: sanitise(remedy) };
}

const MAX_LENGTH = 300; // UTF-16 units; a key may have 1,024 bytes, and 50 problems must fit into the row

/** Names come from untrusted archives: this replaces control characters, for terminals and logs, and limits the length. */
export function sanitise(text: string): string {
  const visible = text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  if (visible.length <= MAX_LENGTH) return visible;
  const cut = visible.slice(0, MAX_LENGTH - 1);
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}…`; // never half a character
}
