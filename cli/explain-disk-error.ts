import { dirname, resolve, sep } from 'node:path';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
import { REMEDIES, whyUnwritable } from '#local/disk-space.ts';
import { stateFolder } from '#local/find-state-folder.ts';
import { CliError, EXIT } from './cli-error.ts';

/** Turns the error of a disk that cannot be written into a sentence with what to do; returns other errors unchanged. */
export function explainDiskError(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  if (isInsufficientStorage(error)) {
    // The sentence of the local pipeline, which says of jobs that they go on. What this command was doing does not.
    return new CliError(EXIT.disk, `${error.message} Then run this command again.`, {
      cause: error,
    });
  }
  const { path } = error as NodeJS.ErrnoException;
  const isElsewhere = path !== undefined && !resolve(path).startsWith(stateFolder() + sep);
  if (isElsewhere) return explainErrorOf(dirname(path), error);
  const sentence = whyUnwritable(error, stateFolder());
  return sentence === undefined ? error : new CliError(EXIT.disk, sentence, { cause: error });
}

/** The same for a folder that the user has named. */
export function explainErrorOf(folder: string, error: unknown): unknown {
  const sentence = whyUnwritable(error, folder, { ...REMEDIES, ...ELSEWHERE });
  return sentence === undefined ? error : new CliError(EXIT.disk, sentence, { cause: error });
}

const ANOTHER = 'Make it writable, or name another folder.';

const ELSEWHERE = {
  full: 'Free some space there, or name another folder.',
  quota: 'Free some space there, or name another folder.',
  'file-size': 'Name a folder on another disk.',
  'read-only': ANOTHER,
  denied: 'Give yourself access to it, or name another folder.',
};
