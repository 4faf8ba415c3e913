import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isAlive, ProcessIdentity } from './process-identity.ts';

/**
 * Takes a folder for this process: a second one would take the first one's trainings for leftovers and kill them.
 *
 * @returns gives it free again
 * @throws a sentence when another process holds it
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'holder.json');
  for (;;) {
    const file = await open(path, 'wx').catch(ifTaken);
    if (file) {
      await file.writeFile(JSON.stringify(identify(process.pid)));
      await file.close();
      return () => rm(path, { force: true });
    }
    const holder = await readHolder(path);
    if (holder && isAlive(holder)) {
      throw new Error(
        `the local SageMaker in ${folder} is in use by process ${holder.pid}: stop that one first, or use another folder`,
      );
    }
    await rm(path, { force: true }); // its process was killed
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return ProcessIdentity.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function ifTaken(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
  throw error;
}
