import { isPrintable } from './printable.ts';

/** Unicode characters; a student's files have it in their keys, of which S3 allows 1,024 bytes. */
const MAX_LENGTH = 100;

/**
 * Why a dataset, and so its student, cannot have this name: the end of a sentence about it; `undefined` if it can.
 * The name is a part of keys, of paths when a student is downloaded, and of lines in terminals and mails.
 */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'it is empty';
  if (name.startsWith('.')) return 'it begins with a dot';
  if (name !== name.trim()) return 'it begins or ends with a space';
  if (/[/\\]/.test(name)) return 'it contains a slash';
  if (!isPrintable(name)) return 'it contains a control character';
  if ([...name].length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  return undefined;
}
