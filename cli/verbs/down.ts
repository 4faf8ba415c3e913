import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { stateFolder } from '#local/find-state-folder.ts';
import { isAlive, type ProcessIdentity } from '#local/sagemaker/process-identity.ts';
import { readHolder } from '#local/state-folder.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { inWords } from '../local-pipeline.ts';
import { info, out } from '../output.ts';

const NOTICE_AFTER_MS = 1_000;
const TIMEOUT_MS = 70_000; // a pipeline gives up by itself after a minute

export const down = (): Command =>
  new Command('down').action(async () => {
    const holder = readHolder(stateFolder());
    if (!holder) return out(`No pipeline is running in ${stateFolder()}.`);
    const { process: pipeline, startedBy } = holder;
    const name = inWords(holder);
    // The command that started the pipeline stops it, and tells its own user.
    const processes = startedBy && isAlive(startedBy) ? [startedBy, pipeline] : [pipeline];
    await stop(processes, name);
    out(`Stopped ${name}. Unfinished jobs go on when a pipeline starts again.`);
  });

/** Asks the first process to stop, and returns when all have ended; kills them if they take too long. */
async function stop(processes: readonly ProcessIdentity[], name: string): Promise<void> {
  for (const each of processes.slice(0, 1)) send('SIGTERM', each);
  const began = Date.now();
  let isNoticed = false;
  for (; processes.some(isAlive); await pause(50)) {
    const waited = Date.now() - began;
    if (waited > NOTICE_AFTER_MS && !isNoticed) {
      info(`Stopping ${name} …`);
      isNoticed = true;
    }
    if (waited > TIMEOUT_MS) for (const each of processes) send('SIGKILL', each);
  }
}

function send(signal: NodeJS.Signals, target: ProcessIdentity): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return; // it has just ended
    const sentence = `Process ${target.pid} belongs to another user, who has to stop it.`;
    throw code === 'EPERM' ? new CliError(EXIT.usage, sentence, { cause: error }) : error;
  }
}
