import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';

/**
 * A folder for what should outlive an interruption, and is of use only while nothing that it depends on has changed:
 * what was made from anything else is removed.
 *
 * @param checkpoints where it lies
 * @param kind what is kept in it, in a word
 */
export async function keptFolder(
  checkpoints: string,
  kind: string,
  madeFrom: readonly unknown[],
): Promise<string> {
  const name = `${kind}-${sha256(JSON.stringify(madeFrom)).slice(0, 16)}`;
  const folder = join(checkpoints, name);
  await mkdir(folder, { recursive: true });
  for (const other of await readdir(checkpoints)) {
    const isStale = other.startsWith(`${kind}-`) && other !== name;
    if (isStale) await rm(join(checkpoints, other), { recursive: true });
  }
  return folder;
}
