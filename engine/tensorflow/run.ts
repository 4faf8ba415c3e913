import { spawn } from 'node:child_process';

export type Outcome = { ok: boolean; missing: boolean; output: string };

/** Runs a command to its end, never through a shell, and keeps what it printed; a command that does not exist is an outcome too. */
export function run(
  command: string,
  options: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, options, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ ok: false, missing: error.code === 'ENOENT', output: `${output}${error.message}` }),
    );
    child.on('close', (code) => resolve({ ok: code === 0, missing: false, output }));
  });
}

/** The end of what a command printed: the part that says why it failed. */
export function lastLines(output: string, count: number): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
