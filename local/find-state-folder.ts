import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const NAME = '.understudy';

/**
 * The folder in which the pipeline on this machine keeps everything: bucket, table, training jobs, logs. It is that of
 * UNDERSTUDY_STATE; or `.understudy` in the working directory or the nearest of its parents that has one, as git finds its own;
 * or else a new one in the working directory.
 */
export function stateFolder(
  environment: NodeJS.ProcessEnv = process.env,
  workingDirectory = process.cwd(),
): string {
  if (environment[STATE_VARIABLE]) return resolve(workingDirectory, environment[STATE_VARIABLE]);
  for (let folder = resolve(workingDirectory); ; folder = dirname(folder)) {
    if (isOurFolder(join(folder, NAME))) return join(folder, NAME);
    if (folder === dirname(folder)) return resolve(workingDirectory, NAME);
  }
}

export const STATE_VARIABLE = 'UNDERSTUDY_STATE';

/** Of this user: a folder that somebody else has put into a shared parent, as /tmp, must not be taken for ours. */
function isOurFolder(path: string): boolean {
  try {
    const found = statSync(path);
    return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
  } catch {
    return false; // there is none, or it cannot be seen
  }
}
