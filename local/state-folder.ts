import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from './durable-files.ts';
import { isAlive, ProcessIdentity } from './sagemaker/process-identity.ts';

/** The exit code of local/main.ts when another process holds the folder; EX_TEMPFAIL of sysexits.h. */
export const EXIT_FOLDER_IN_USE = 75;

/** The exit code of local/main.ts when its folder cannot be written; EX_IOERR of sysexits.h. */
export const EXIT_UNWRITABLE = 74;

/** The process that holds a state folder, for the other commands on this machine. */
const Holder = z.object({
  process: ProcessIdentity,
  /** The command that started it, and stops it when it ends itself. */
  startedBy: ProcessIdentity.optional(),
  command: z.string(), // as typed, without `understudy`
  since: z.string(), // ISO 8601
  endpoint: z.url().optional(), // once it accepts requests
});
export type Holder = z.infer<typeof Holder>;

const holderFile = (folder: string): string => join(folder, 'pipeline.json');

/** Reads who holds the folder; `undefined` if nobody does, or has not said so yet. A kill -9 leaves the file behind. */
export function readHolder(folder: string): Holder | undefined {
  try {
    const holder = Holder.parse(JSON.parse(readFileSync(holderFile(folder), 'utf8')));
    return isAlive(holder.process) ? holder : undefined;
  } catch {
    return undefined; // no file, or not one of ours
  }
}

/** To be called only by the process that holds the folder. */
export const writeHolder = (folder: string, holder: Holder): Promise<void> =>
  replaceFile(holderFile(folder), JSON.stringify(holder));

/** To be called before the folder is released: the file might be another holder's afterwards. */
export const removeHolder = (folder: string): Promise<void> =>
  rm(holderFile(folder), { force: true });
