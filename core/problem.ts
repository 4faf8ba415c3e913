import * as z from 'zod';

/** Something wrong with what a user gave us: what, where, and what to do about it. A value, never an exception. */
export const Problem = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]*$/), // stable, for scripts
  where: z.string(), // the file, class or field, as the user calls it
  what: z.string(), // a sentence
  remedy: z.string(), // a sentence that begins with a verb
});
export type Problem = z.infer<typeof Problem>;

/** How many problems the row and the terminal carry; `report.json` has them all. DynamoDB limits a row to 400 kB. */
export const PROBLEMS_IN_ROW = 50;

export function problem(code: string, where: string, what: string, remedy: string): Problem {
  return { code, where: printable(where), what: printable(what), remedy: printable(remedy) };
}

const LONGEST = 300; // characters; a key may have 1,024 bytes, and fifty of them must fit the row

/** Names come from strangers' archives: no control characters reach a terminal or a log, and nothing endless. */
export function printable(text: string): string {
  const visible = text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  return visible.length <= LONGEST ? visible : `${visible.slice(0, LONGEST - 1)}…`;
}
