import * as z from 'zod';

/** A file of a dataset that a training cannot use. `what` continues the sentence that `file` begins. */
export const BrokenFile = z.object({ file: z.string(), what: z.string() });
export type BrokenFile = z.output<typeof BrokenFile>;

/** The trainer's list of all of them, among its checkpoints: the failure file holds a thousand characters. */
export const BROKEN_FILES = 'broken-files.json';

const MAX_CHARACTERS = 800; // of the failure file; its code and SageMaker's words come on top
const NAMED = 3; // files per cause
const MAX_NAME = 80; // characters of a file's name
const MAX_CAUSE = 120;

/** Says how many files have which fault, the most frequent fault first, always in whole sentences. */
export function summariseBroken(files: readonly BrokenFile[]): string {
  const byCause = new Map<string, string[]>();
  for (const { file, what } of files) {
    const same = byCause.get(what);
    if (same) same.push(file);
    else byCause.set(what, [file]);
  }
  const causes = [...byCause].sort(([, a], [, b]) => b.length - a.length);
  let text = '';
  for (const [i, [what, names]] of causes.entries()) {
    const sentence = sentenceOf(shortened(what, MAX_CAUSE), names);
    const left = causes.slice(i).reduce((sum, [, each]) => sum + each.length, 0);
    const rest = ` ${left} more have other faults.`;
    if (i > 0 && text.length + sentence.length + rest.length > MAX_CHARACTERS) return text + rest;
    text = i === 0 ? sentence : `${text} ${sentence}`;
  }
  return text;
}

function sentenceOf(what: string, names: readonly string[]): string {
  const named = names.slice(0, NAMED).map((name) => shortened(name, MAX_NAME));
  if (names.length === 1) return `${named[0]} ${what}.`;
  const more = names.length - named.length;
  const list = more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
  return `Each of ${names.length} files ${what}: ${list}.`;
}

/** Keeps the end, where names differ. */
const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `…${text.slice(1 - length).replace(/^[\uDC00-\uDFFF]/, '')}`;
