import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { fileFailure } from './setup-failure.ts';

/** Where TensorFlow and teachers are kept between clones: outside node_modules, so that `npm ci` cannot lose them. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { UNDERSTUDY_CACHE, XDG_CACHE_HOME } = environment;
  if (UNDERSTUDY_CACHE) return UNDERSTUDY_CACHE;
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'understudy');
}

/**
 * Makes `folder` out of what `fill` writes, at once or not at all.
 *
 * The work is done in a folder beside it and renamed when finished: a killed process leaves no half of it under the
 * final name. Of two that do the same work at once the first to finish wins, and the other's copy is thrown away.
 *
 * @param isComplete whether a folder that is already there may stay
 */
export async function makeAtOnce(
  folder: string,
  isComplete: (folder: string) => Promise<boolean>,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  const unfinished = await unfinishedFolder(join(folder, '..'));
  try {
    await fill(unfinished);
    await chmod(unfinished, 0o755); // mkdtemp makes it for the owner alone; a cache may be shared
    if (await isComplete(folder)) return;
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await isComplete(folder))) throw error; // else another one came in between
    });
  } catch (error) {
    const isOfDisk = typeof (error as NodeJS.ErrnoException).syscall === 'string';
    throw isOfDisk ? fileFailure(error, `Filling the cache (${folder})`) : error;
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
    throw fileFailure(error, `Making a folder in the cache (${parent})`);
  }
}

const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1_000; // chosen: nobody's set-up takes a day

/** What a killed process left behind: up to 1.4 GB that nothing would ever use. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const maker = /^unfinished-(.+)-(\d+)-[^-]+$/.exec(name);
    if (!maker) continue;

    const folder = join(parent, name);
    const here = maker[1] === hostname(); // a process number means nothing on another machine
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (here ? !isRunning(Number(maker[2])) : age > ABANDONED_AFTER_MS) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
