import { spawn } from 'node:child_process';

export type Outcome = { ok: boolean; missing: boolean; output: string }; // missing: the command does not exist

/** Runs a command without a shell, and collects its output. Never rejects: a missing command is an outcome, too. */
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

/** The end of a command's output, which usually says why it failed. */
export function lastLines(output: string, count: number): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
