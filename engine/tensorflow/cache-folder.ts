import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { fileFailure } from './setup-failure.ts';

/** The cache of TensorFlow and teachers, shared between clones; outside node_modules, so `npm ci` does not delete it. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { UNDERSTUDY_CACHE, XDG_CACHE_HOME } = environment;
  if (UNDERSTUDY_CACHE) return UNDERSTUDY_CACHE;
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'understudy');
}

/**
 * Creates `folder` from what `fill` writes, atomically.
 *
 * The work is done in a folder beside it, which is renamed at the end, so a killed process leaves nothing incomplete under
 * the final name. If two processes do the same work, the first to finish wins and the other's copy is deleted.
 *
 * @param isComplete whether an existing folder can be kept
 */
export async function makeAtOnce(
  folder: string,
  isComplete: (folder: string) => Promise<boolean>,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  const unfinished = await unfinishedFolder(join(folder, '..'));
  try {
    await fill(unfinished);
    await chmod(unfinished, 0o755); // mkdtemp makes it private, but a cache may be shared
    if (await isComplete(folder)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await isComplete(folder))) throw error; // otherwise another process was faster
    });
  } catch (error) {
    const isFileError = typeof (error as NodeJS.ErrnoException).syscall === 'string';
    throw isFileError ? fileFailure(error, `Filling the cache (${folder})`) : error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function unfinishedFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    return await mkdtemp(join(parent, `unfinished-${hostname()}-${process.pid}-`));
  } catch (error) {
    throw fileFailure(error, `Creating a folder in the cache (${parent})`);
  }
}

const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1_000; // chosen: no set-up takes a day

/** Removes what killed processes left behind: up to 1.4 GB that would never be used. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const maker = /^unfinished-(.+)-(\d+)-[^-]+$/.exec(name);
    if (!maker) continue;

    const folder = join(parent, name);
    const here = maker[1] === hostname(); // process ids are meaningless on other machines
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (here ? !isRunning(Number(maker[2])) : age > ABANDONED_AFTER_MS) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only checks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
