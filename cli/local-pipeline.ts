import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { stateFolder } from '#local/find-state-folder.ts';
import { isAlive } from '#local/sagemaker/process-identity.ts';
import { type Holder, readHolder } from '#local/state-folder.ts';
import { CliError, EXIT } from './cli-error.ts';
import { info } from './output.ts';
import { startPipeline } from './start-pipeline.ts';

/** `storage` gives access to the bucket and the job table; `training` also runs jobs. */
export type Capability = 'storage' | 'training';

/** The pipeline that runs on this machine. */
export interface LocalPipeline {
  endpoint: string;
  trains: boolean;
  /** Stops it, if this command has started it. */
  end?: () => Promise<void>;
  /** The process that has started it, in words, if it is another. */
  owner?: string;
}

const WAIT_TIMEOUT_MS = 600_000; // chosen: for another command's pipeline to stop
const POLL_MS = 200;
const SILENT_MS = 1_000; // most waiting is over sooner
const REPEAT_MS = 60_000;

/**
 * The running pipeline, or a new one. Two processes cannot share a folder, so the second one waits.
 *
 * @throws CliError if it has waited in vain
 */
export async function localPipeline(capability: Capability): Promise<LocalPipeline> {
  const waitForHolder = waiting();
  for (;;) {
    const running = await runningPipeline();
    if (running && (capability === 'storage' || running.trains)) return running;
    if (!running) {
      const started = await startPipeline({ port: 0, storageOnly: capability === 'storage' });
      if (started) return { ...started, trains: capability === 'training' };
    }
    await waitForHolder();
  }
}

/**
 * Waits a moment at each call, for the process that holds the state folder to stop or to answer; says who it is after
 * a second, and then once a minute.
 *
 * @returns waits; @throws CliError if it has waited in vain
 */
export function waiting(): () => Promise<void> {
  const began = Date.now();
  let sayAt = began + SILENT_MS;
  return async () => {
    const now = Date.now();
    if (now - began > WAIT_TIMEOUT_MS) throw new CliError(EXIT.internal, folderInUse());
    if (now >= sayAt) {
      info(`Waiting for ${holderInWords()}.`);
      sayAt = now + REPEAT_MS;
    }
    await pause(POLL_MS);
  };
}

/** Why no pipeline can be started here, and what to do. */
export const folderInUse = (): string =>
  `The state folder ${stateFolder()} is in use by ${holderInWords()}. Stop it with "npx understudy down", then try again.`;

/** The process that holds the state folder, as far as it has said so. */
function holderInWords(): string {
  const holder = readHolder(stateFolder());
  return holder ? inWords(holder) : 'another understudy process';
}

/** A process as people know it: by its pid, what was typed, and when. */
export function inWords({ process, startedBy, command, since }: Holder): string {
  const { pid } = startedBy && isAlive(startedBy) ? startedBy : process;
  const started = new Date(since);
  const isToday = started.toDateString() === new Date().toDateString();
  const time = started.toTimeString().slice(0, 5);
  const date = isToday ? '' : `${started.toISOString().slice(0, 10)} `;
  return `"understudy ${command}" (pid ${pid}, since ${date}${time})`;
}

const Health = z.object({ trains: z.boolean() });

/** @returns `undefined` if nothing answers */
export async function runningPipeline(): Promise<LocalPipeline | undefined> {
  const holder = readHolder(stateFolder());
  if (holder?.endpoint === undefined) return undefined;
  try {
    const answer = await fetch(new URL('/health', holder.endpoint), {
      signal: AbortSignal.timeout(2_000),
    });
    const { trains } = Health.parse(await answer.json());
    return { endpoint: holder.endpoint, trains, owner: inWords(holder) };
  } catch {
    return undefined; // it is stopping
  }
}
