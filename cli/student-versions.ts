import { Latest, type StudentCard } from '#core/card.ts';
import { latestKey, studentPrefix, versionOfCard, versionsKey } from '#core/keys.ts';
import { comparisonInWords } from '#core/version-comparison.ts';
import { type NumberedVersion, parseVersions, versionInWords } from '#core/versions.ts';
import type { Library } from './library.ts';

type Objects = Pick<Library['objects'], 'readText'>;

/** The versions of a student that have numbers, also those that were removed; none if the list cannot be read. */
export async function numberedVersions(
  objects: Objects,
  student: string,
): Promise<NumberedVersion[]> {
  const text = await objects.readText(versionsKey(student));
  return (text !== undefined && parseVersions(text)) || [];
}

/** A card's entry in the list of versions; `undefined` for a student that was published before there were numbers. */
export const numberedVersion = async (
  objects: Objects,
  { student, version }: Pick<StudentCard, 'student' | 'version'>,
): Promise<NumberedVersion | undefined> =>
  (await numberedVersions(objects, student)).find((each) => each.version === version);

/** The version that `pets` stands for; `undefined` if `latest.json` is absent or damaged. */
export async function latestVersion(
  objects: Objects,
  student: string,
): Promise<string | undefined> {
  const text = await objects.readText(latestKey(student));
  try {
    return Latest.parse(JSON.parse(text ?? '')).version;
  } catch {
    return undefined;
  }
}

const MAX_NAMED = 10;

/** The versions of a student that are there, for a message, the oldest first; empty if there are none. */
export async function presentVersionsInWords(
  objects: Pick<Library['objects'], 'readText' | 'list'>,
  student: string,
): Promise<string> {
  const present = new Set<string>();
  for await (const { key } of objects.list(studentPrefix(student))) {
    const version = versionOfCard(student, key);
    if (version !== undefined) present.add(version);
  }
  const numbered = (await numberedVersions(objects, student)).filter(({ version }) =>
    present.delete(version),
  );
  const all = [...[...present].sort().map((version) => ({ version })), ...numbered];
  const more = all.length - MAX_NAMED;
  return new Intl.ListFormat('en').format([
    ...(more > 0 ? [`${more} earlier ones`] : []),
    ...all.slice(-MAX_NAMED).map(versionInWords),
  ]);
}

/** `pets v2 (0a1b2c3d4e5f)`, or `pets 0a1b2c3d4e5f` without a number. */
export const studentInWords = (
  { student, version }: Pick<StudentCard, 'student' | 'version'>,
  entry: Pick<NumberedVersion, 'number'> | undefined,
): string => `${student} ${versionInWords({ version, number: entry?.number })}`;

/** How a version compares with the one before; `undefined` for the first. */
export const versionComparedInWords = ({
  number,
  comparison,
}: NumberedVersion): string | undefined => comparison && comparisonInWords(number, comparison);

/** A card with what its publication added, for `--json`. */
export const withVersion = (card: StudentCard, entry: NumberedVersion | undefined) => ({
  ...card,
  ...(entry && { number: entry.number }),
  ...(entry?.comparison && { comparison: entry.comparison }),
});
