import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';

/**
 * Opens the folder for one kind of intermediate result that survives an interruption. Results of the same kind under
 * another cache key are deleted: they can no longer be used.
 *
 * @param checkpoints the folder that SageMaker keeps in step with S3
 * @param kind a word for what is stored, e.g. `features`
 * @param cacheKey everything that the results depend on, as JSON values
 */
export async function checkpointFolder(
  checkpoints: string,
  kind: string,
  cacheKey: readonly unknown[],
): Promise<string> {
  const name = `${kind}-${sha256(JSON.stringify(cacheKey)).slice(0, 16)}`;
  const folder = join(checkpoints, name);
  await mkdir(folder, { recursive: true });
  for (const other of await readdir(checkpoints)) {
    const isStale = other.startsWith(`${kind}-`) && other !== name;
    if (isStale) await rm(join(checkpoints, other), { recursive: true });
  }
  return folder;
}
