import { Latest, parseCard, type StudentCard } from '#core/card.ts';
import { latestKey, studentKeys } from '#core/keys.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Library } from './library.ts';

type Objects = Pick<Library['objects'], 'readText'>;

/**
 * Finds the card of a student: `pets` is its latest version, `pets/0a1b2c3d4e5f` that version.
 *
 * @throws CliError not found
 */
export async function findStudent(objects: Objects, wanted: string): Promise<StudentCard> {
  const slash = wanted.lastIndexOf('/');
  const named =
    slash < 0 ? undefined : await card(objects, wanted.slice(0, slash), wanted.slice(slash + 1));
  if (named) return named;

  const latest = await objects.readText(latestKey(wanted));
  const newest = latest && (await card(objects, wanted, Latest.parse(JSON.parse(latest)).version));
  if (newest) return newest;
  throw new CliError(
    EXIT.notFound,
    `There is no student "${wanted}". "npx understudy list" lists all students.`,
  );
}

async function card(objects: Objects, student: string, version: string) {
  const key = studentKeys(student, version).card;
  const text = await objects.readText(key);
  if (text === undefined) return undefined;
  const read = parseCard(text);
  if ('card' in read) return read.card;
  throw new CliError(EXIT.internal, unreadableCard(key, read.problem));
}

/** Why a card cannot be shown, and what to do. */
export const unreadableCard = (key: string, problem: 'invalid' | 'newer'): string =>
  problem === 'newer'
    ? `${key} was written by a newer version of Understudy; update this one.`
    : `${key} is damaged or is not a student's card; train the student again.`;
