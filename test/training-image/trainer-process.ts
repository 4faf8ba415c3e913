import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ML_FOLDER, type MlFolder } from '#core/ml-folder.ts';

const RUN = fileURLToPath(new URL('./small-run.ts', import.meta.url));

export interface Ended {
  exit: number | null; // null: a signal ended it
  lines: string[]; // of stdout
  stderr: string;
  failure: string | undefined; // the failure file
}

/**
 * Starts the trainer as SageMaker does, as a process of its own in the folder of its job.
 *
 * @param image what its image would set
 */
export function startTrainer({ root, failure }: MlFolder, image: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', RUN], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...image, [ML_FOLDER]: root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting: { pattern: RegExp; resolve: () => void }[] = [];
  if (!child.stdout || !child.stderr) throw new Error('the trainer has no output');
  const output = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const { pattern, resolve } of waiting) if (pattern.test(line)) resolve();
  });
  const stderr = text(child.stderr);

  const ended = (async (): Promise<Ended> => {
    const [[exit]] = await Promise.all([once(child, 'exit'), once(output, 'close')]);
    const written = await readFile(failure, 'utf8').catch(() => undefined);
    return { exit, lines, stderr: await stderr, failure: written };
  })();

  return {
    ended,
    kill: (signal: 'SIGTERM' | 'SIGKILL') => child.kill(signal),
    /** Resolves when a line says so, or when the trainer has ended without it. */
    says: (pattern: RegExp): Promise<unknown> =>
      Promise.race([ended, new Promise<void>((resolve) => waiting.push({ pattern, resolve }))]),
  };
}
