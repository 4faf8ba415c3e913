import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, ProcessIdentity } from './process-identity.ts';

/**
 * Locks a folder for this process: a second one would take the first one's training jobs for leftovers and kill them.
 *
 * @returns releases the folder
 * @throws Error when another process holds it
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const lock = join(folder, 'holder.json');
  const removal = join(folder, 'holder-removal.json');
  const draft = join(folder, `holder.${randomUUID()}.draft`);
  const self = identify(process.pid);
  if (!self) throw new Error('the system does not say when this process began');
  await writeFile(draft, JSON.stringify(self));
  try {
    for (;;) {
      if (await take(lock, draft)) return () => rm(lock, { force: true });
      const holder = await holderOf(lock);
      if (isLive(holder)) {
        const sentence = `the local SageMaker in ${folder} is in use by process ${holder.pid}: stop that one first, or use another folder`;
        throw new Error(sentence);
      }
      // The holder was killed. One process at a time may remove its lock, after a second look: a slow one would
      // otherwise remove the lock of a faster one that has just replaced it.
      if (await take(removal, draft)) {
        if (isStale(await holderOf(lock))) await rm(lock, { force: true });
        await rm(removal, { force: true });
      } else if (isStale(await holderOf(removal))) await rm(removal, { force: true });
      else await sleep(5);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Creates a lock file together with its content; says whether it did. `open` with `wx` would leave it empty at first. */
async function take(lock: string, draft: string): Promise<boolean> {
  try {
    await link(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

type Holder = ProcessIdentity | 'nobody' | 'unreadable';

async function holderOf(lock: string): Promise<Holder> {
  try {
    return ProcessIdentity.parse(JSON.parse(await readFile(lock, 'utf8')));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'nobody' : 'unreadable';
  }
}

const isLive = (holder: Holder): holder is ProcessIdentity =>
  typeof holder === 'object' && isAlive(holder);

/** The file is there, and no process that runs has written it. */
const isStale = (holder: Holder): boolean => holder !== 'nobody' && !isLive(holder);
