import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError, EXIT } from './cli-error.ts';
import { stopOnSignal, whenStopped } from './interruption.ts';

const require = createRequire(import.meta.url);
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs the `cdk` command on our stack, in this terminal.
 *
 * @throws CliError if it failed; cdk has printed why
 */
export async function runCdk(words: readonly string[]): Promise<void> {
  whenStopped('Stopped. AWS may go on changing the stack; the same command again finishes it.');
  const cdk = join(dirname(require.resolve('aws-cdk/package.json')), 'bin', 'cdk');
  const child = spawn(process.execPath, [cdk, ...words], {
    cwd: ROOT, // the folder of cdk.json
    stdio: ['inherit', process.stderr, 'inherit'], // its messages are not our data
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exit) => resolve(exit ?? 1));
  });
  const forget = stopOnSignal({
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
    kill: () => void child.kill('SIGKILL'),
  });
  const code = await ended.finally(forget);
  if (code === 0) return;
  const sentence = `cdk ${words[0]} failed with exit code ${code}; see its messages above, and docs/deploy.md for the requirements.`;
  throw new CliError(EXIT.failed, sentence);
}
