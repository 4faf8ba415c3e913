import { parseCard, type StudentCard } from '#core/card.ts';
import { studentKeys } from '#core/keys.ts';
import { versionNamed } from '#core/versions.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Library } from './library.ts';
import { latestVersion, numberedVersions, presentVersionsInWords } from './student-versions.ts';

type Objects = Pick<Library['objects'], 'readText' | 'list'>;

/** How a student is named, for the help of the commands. */
export const STUDENT_ARGUMENT = 'NAME for its latest version, NAME/v2 or NAME/DIGEST for another';

/**
 * Finds the card of a student: `pets` is its latest version, `pets/v2` and `pets/0a1b2c3d4e5f` are that version. Names
 * have no slash, so no name can be taken for another student's version.
 *
 * @throws CliError not found, with the versions that there are
 */
export async function findStudent(objects: Objects, wanted: string): Promise<StudentCard> {
  const [student = '', version] = wanted.split(/\/(.*)/s);
  const found =
    version === undefined
      ? await latestVersion(objects, student)
      : versionNamed(await numberedVersions(objects, student), version);
  const read = found && (await card(objects, student, found));
  if (read) return read;

  const present = await presentVersionsInWords(objects, student);
  const sentence =
    present === ''
      ? `There is no student "${wanted}". "npx understudy list" lists all students.`
      : `There is no ${version === undefined ? 'latest version' : `version "${version}"`} of "${student}"; it has ${present}.`;
  throw new CliError(EXIT.notFound, sentence);
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
