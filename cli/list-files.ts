import { constants, type Stats } from 'node:fs';
import { access, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isJunkName } from '#core/junk.ts';

export interface FolderListing {
  files: string[]; // relative paths, sorted
  problems: PathFault[]; // one for each path that cannot be read
  leftOut: string[]; // files and folders that operating systems and tools leave behind
  empty: string[]; // folders without a file
}

/** Why a path cannot be read. */
export interface PathFault {
  path: string;
  what: string; // continues the sentence that the path begins
  remedy: string; // begins with a verb
}

/** Such as `cat/1.jpg is a broken link; remove it or restore its target.` */
export const inOneSentence = ({ path, what, remedy }: PathFault): string =>
  `${path} ${what}; ${remedy}.`;

/**
 * Lists the files below a folder, without what operating systems and tools leave behind.
 * Links are followed. Whatever cannot be read is reported, all of it at once.
 */
export async function listFiles(folder: string): Promise<FolderListing> {
  const files: string[] = [];
  const problems: PathFault[] = [];
  const leftOut: string[] = [];
  const empty: string[] = [];

  /** @param parents the real paths of all folders that contain this one */
  async function visit(relative: string, parents: readonly string[]): Promise<void> {
    const real = await realpath(join(folder, relative));
    if (parents.includes(real)) {
      const what = 'is a link to a folder that contains it';
      problems.push({ path: relative, what, remedy: 'remove the link' });
      return;
    }
    const names = (await readdir(real)).sort();
    if (relative !== '' && names.every(isJunkName)) empty.push(relative);
    for (const name of names) {
      const path = join(relative, name);
      if (isJunkName(name)) {
        leftOut.push(path);
        continue;
      }
      const problem = await visitEntry(path, [...parents, real]).catch((error: unknown) =>
        pathFault(path, error),
      );
      if (problem !== undefined) problems.push(problem);
    }
  }

  async function visitEntry(
    path: string,
    parents: readonly string[],
  ): Promise<PathFault | undefined> {
    const found = await stat(join(folder, path));
    if (found.isDirectory()) {
      await visit(path, parents);
      return undefined;
    }
    if (!found.isFile())
      return { path, what: `is ${kindOf(found)}, not a file`, remedy: 'remove it' };
    await access(join(folder, path), constants.R_OK);
    files.push(path);
    return undefined;
  }

  await visit('', []).catch((error: unknown) => problems.push(pathFault(folder, error)));
  return { files, problems, leftOut, empty };
}

function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

/** Says why a path that was found cannot be read, and what to do about it. */
export const pathProblem = (path: string, error: unknown): string =>
  inOneSentence(pathFault(path, error));

function pathFault(path: string, error: unknown): PathFault {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return { path, what: 'is a broken link', remedy: 'remove it or restore its target' };
    case 'ELOOP':
      return { path, what: 'is a link that leads back to itself', remedy: 'remove it' };
    case 'EACCES':
    case 'EPERM':
      return {
        path,
        what: 'cannot be read: permission denied',
        remedy: 'change its permissions',
      };
    default: {
      const why = error instanceof Error ? error.message : String(error);
      return { path, what: `cannot be read: ${why}`, remedy: 'remove it or repair the disk' };
    }
  }
}
