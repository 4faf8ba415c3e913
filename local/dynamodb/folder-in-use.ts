/** Another process has opened the folder. */
export class FolderInUse extends Error {
  override name = 'FolderInUse';
}

/** Explains why LevelDB cannot open a folder. */
export function whyClosed(error: unknown, folder: string): Error {
  const locked =
    error instanceof Error && (error.cause as { code?: string })?.code === 'LEVEL_LOCKED';
  return locked
    ? new FolderInUse(
        `the local DynamoDB in ${folder} is in use by another process: stop that one first, or use another folder`,
        { cause: error },
      )
    : new Error(`the local DynamoDB in ${folder} cannot be opened`, { cause: error });
}
