import { constants, type Stats } from 'node:fs';
import { access, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ruleAgainst, SYSTEM_RULE } from '#core/left-out.ts';

export interface FolderListing {
  files: string[]; // relative paths, sorted
  leftOut: string[]; // what systems and programs leave behind: files, and folders with all that is in them
  problems: string[]; // one sentence for each path that cannot be read
}

/**
 * Lists the files below a folder, without what operating systems and programs leave behind.
 * Links are followed. Whatever cannot be read is reported, all of it at once.
 */
export async function listFiles(folder: string): Promise<FolderListing> {
  const files: string[] = [];
  const leftOut: string[] = [];
  const problems: string[] = [];

  /** @param parents the real paths of all folders that contain this one */
  async function visit(relative: string, parents: readonly string[]): Promise<void> {
    const real = await realpath(join(folder, relative));
    if (parents.includes(real)) {
      problems.push(`${relative} is a link to a folder that contains it; remove the link.`);
      return;
    }
    for (const name of (await readdir(real)).sort()) {
      const path = join(relative, name);
      if (isSystem(name)) {
        leftOut.push(path);
        continue;
      }
      const problem = await visitEntry(path, [...parents, real]).catch((error: unknown) =>
        pathProblem(path, error),
      );
      if (problem !== undefined) problems.push(problem);
    }
  }

  async function visitEntry(path: string, parents: readonly string[]): Promise<string | undefined> {
    const found = await stat(join(folder, path));
    if (found.isDirectory()) {
      await visit(path, parents);
      return undefined;
    }
    if (!found.isFile()) return `${path} is ${kindOf(found)}, not a file; remove it.`;
    await access(join(folder, path), constants.R_OK);
    files.push(path);
    return undefined;
  }

  await visit('', []).catch((error: unknown) => problems.push(pathProblem(folder, error)));
  return { files, leftOut, problems };
}

/** As a file, or as a folder of files. */
const isSystem = (name: string): boolean =>
  ruleAgainst(name) === SYSTEM_RULE || ruleAgainst(`${name}/x`) === SYSTEM_RULE;

function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

/** Says why a path that was found cannot be read, and what to do about it. */
export function pathProblem(path: string, error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return `${path} is a broken link; remove it or restore its target.`;
    case 'ELOOP':
      return `${path} is a link that leads back to itself; remove it.`;
    case 'EACCES':
    case 'EPERM':
      return `${path} cannot be read: permission denied; change its permissions.`;
    default:
      return `${path} cannot be read: ${error instanceof Error ? error.message : error}`;
  }
}
