/** What stopped a set-up, as one sentence for the person at the terminal: what is wrong, and what to do next. */
export class SetupFailure extends Error {
  override name = 'SetupFailure';
}

/** An error of the file system as a sentence, where there is something better to say than its code. */
export function fileFailure(error: unknown, doing: string): SetupFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(doing, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SetupFailure(
      `${doing} failed: ${message}; make that folder writable, or name another one in UNDERSTUDY_CACHE.`,
      { cause: error },
    );
  }
  return new SetupFailure(`${doing} failed: ${message}.`, { cause: error });
}

export function diskFull(doing: string, cause?: unknown): SetupFailure {
  return new SetupFailure(
    `${doing} failed because the disk is full; free some space, or name a folder on another disk in UNDERSTUDY_CACHE, and run it again.`,
    { cause },
  );
}
