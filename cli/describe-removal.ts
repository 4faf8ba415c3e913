import { studentVersion } from '#core/identity.ts';
import { count } from '#core/quantities.ts';
import { versionInWords } from '#core/versions.ts';
import { stateInWords } from './describe.ts';
import type { Removal } from './find-removal.ts';
import { megabytes } from './output.ts';

/** What is about to be removed, in words: "the student pets v2 (0a1b2c3d4e5f), its job and …: 28.9 MB". */
export function describeRemoval(removal: Removal): string {
  const parts = [...students(removal), ...jobs(removal), ...uploads(removal)];
  return `${new Intl.ListFormat('en').format(parts)}: ${megabytes(removal.bytes)}`;
}

function students({ name, versions, numbers }: Removal): string[] {
  const [only, ...others] = versions;
  if (only === undefined) return [];
  if (others.length > 0) return [`the student ${name} with its ${count(versions.length)} versions`];
  return [`the student ${name} ${withNumber(only, numbers)}`];
}

function jobs({ name, versions, jobs: rows, isPaused }: Removal): string[] {
  const [only, ...others] = rows;
  if (only === undefined) return [];
  if (others.length > 0) return [`${count(rows.length)} jobs`];
  if (versions.length > 0) return ['its job'];
  const state = stateInWords(only, { trains: !isPaused });
  return [`the job ${studentVersion(only.id)} of ${name} (${state})`];
}

const uploads = ({ uploads: found }: Removal): string[] =>
  found.map(({ place, images }) => {
    const size = images === undefined ? '' : ` (${count(images)} images)`;
    return `the upload ${place}${size}`;
  });

/** A version, as in "v2 (0a1b2c3d4e5f)". */
export const withNumber = (version: string, numbers: Removal['numbers']): string =>
  versionInWords({
    version,
    number: numbers.find((each) => each.version === version)?.number,
  });
