import * as z from 'zod';
import { VersionComparison } from './version-comparison.ts';

/** A version of a student and its number. */
export const NumberedVersion = z.object({
  number: z.int().positive(), // in the order of publication
  version: z.string(),
  jobId: z.string(),
  uploadedAt: z.iso.datetime(), // as in the job's row
  createdAt: z.iso.datetime(), // of the job's row
  test: z.object({ n: z.int(), correct: z.int(), accuracy: z.number() }),
  comparison: VersionComparison.optional(), // with the version before; none for the first
});
export type NumberedVersion = z.output<typeof NumberedVersion>;

/**
 * `students/<name>/versions.json`: extended by each publication, so that a number always means the same version, also
 * when that has been removed. It goes with the last version.
 */
const Versions = z.object({ schema: z.literal(1), versions: z.array(NumberedVersion) });

/** @returns the versions in their order; `undefined` if the text is damaged or of a later Understudy */
export function parseVersions(text: string): NumberedVersion[] | undefined {
  try {
    return Versions.parse(JSON.parse(text)).versions;
  } catch {
    return undefined;
  }
}

export const formatVersions = (versions: readonly NumberedVersion[]): string =>
  `${JSON.stringify({ schema: 1, versions }, null, 2)}\n`;

/** The number of the next version. */
export const nextNumber = (versions: readonly NumberedVersion[]): number =>
  versions.reduce((highest, { number }) => Math.max(highest, number), 0) + 1;

/** The version that a user names: `v2`, or `0a1b2c3d4e5f`; a version may be published without being in the list. */
export function versionNamed(versions: readonly NumberedVersion[], wanted: string): string {
  const [, digits] = /^v([1-9]\d*)$/.exec(wanted) ?? [];
  if (digits === undefined) return wanted;
  return versions.find(({ number }) => number === Number(digits))?.version ?? wanted;
}

/** `v2 (0a1b2c3d4e5f)`, or `0a1b2c3d4e5f` if it has no number. */
export const versionInWords = ({
  number,
  version,
}: {
  number?: number | undefined;
  version: string;
}): string => (number === undefined ? version : `v${number} (${version})`);
