import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const UNDERSTUDY = fileURLToPath(new URL('../../cli/understudy.mjs', import.meta.url));
const RUN = fileURLToPath(new URL('../../local/main.ts', import.meta.url));

export interface Outcome {
  exit: number | null;
  stdout: string;
  stderr: string;
}

/** Types a command, as a user would, with the state of the pipeline in `folder`. */
export function understudy(folder: string, ...words: string[]): Promise<Outcome> {
  return outcomeOf(startUnderstudy(folder, ...words));
}

/** The same with variables of its own, for a pipeline that is not on this machine. */
export function understudyOnAws(
  folder: string,
  variables: Record<string, string>,
  ...words: string[]
): Promise<Outcome> {
  const { env } = environment(folder);
  return outcomeOf(
    spawn(process.execPath, [UNDERSTUDY, ...words], { env: { ...env, ...variables } }),
  );
}

export const startUnderstudy = (folder: string, ...words: string[]): ChildProcess =>
  spawn(process.execPath, [UNDERSTUDY, ...words], environment(folder));

const environment = (folder: string) => ({
  env: { ...process.env, UNDERSTUDY_STATE: folder, NO_COLOR: '1' },
});

export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const outcome: Outcome = { exit: null, stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => {
    outcome.stdout += data;
  });
  child.stderr?.on('data', (data) => {
    outcome.stderr += data;
  });
  return new Promise((resolve) => {
    child.on('close', (exit) => resolve({ ...outcome, exit }));
  });
}

/** `npm run up`, ready to be used; it ends with `end` or is killed with `kill`. */
export async function startedPipeline(folder: string, ...options: string[]) {
  const tsx = import.meta.resolve('tsx');
  const child = spawn(
    process.execPath,
    ['--import', tsx, RUN, '--port', '0', ...options],
    environment(folder),
  );
  const ended = outcomeOf(child);
  const endpoint = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^The pipeline is running at (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found) resolve(found);
    });
    void ended.then(({ stderr }) => reject(new Error(`the pipeline did not start: ${stderr}`)));
  });
  return {
    endpoint,
    end: () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
