/** Why a set-up failed, as a sentence for the terminal: what is wrong, and what to do next. */
export class SetupFailure extends Error {
  override name = 'SetupFailure';
}

/** An error of the file system as a sentence that says what to do. */
export function fileFailure(error: unknown, doing: string): SetupFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(doing, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SetupFailure(
      `${doing} failed: ${message}; make that folder writable, or set UNDERSTUDY_CACHE to another one.`,
      { cause: error },
    );
  }
  return new SetupFailure(`${doing} failed: ${message}.`, { cause: error });
}

export function diskFull(doing: string, cause?: unknown): SetupFailure {
  return new SetupFailure(
    `${doing} failed because the disk is full; free some space, or set UNDERSTUDY_CACHE to a folder on another disk, and run it again.`,
    { cause },
  );
}
