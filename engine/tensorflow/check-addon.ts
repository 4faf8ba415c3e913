import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lastLines, run } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';

const require = createRequire(import.meta.url);

/**
 * Runs the smoke test on an addon, in a child process.
 *
 * @returns the version of TensorFlow
 * @throws SetupFailure if it crashes or does not converge
 */
export async function checkAddon(addon: string): Promise<string> {
  const script = fileURLToPath(new URL('./smoke-test.ts', import.meta.url));
  const tsx = pathToFileURL(require.resolve('tsx')).href;
  const test = await run(process.execPath, ['--import', tsx, script, addon]);

  const version = /^TF_Version (\S+)$/m.exec(test.output)?.[1];
  if (test.ok && version) return version;
  throw new SetupFailure(
    `The TensorFlow addon was built but does not work on this machine. Its output:\n${lastLines(test.output, 8)}`,
  );
}
