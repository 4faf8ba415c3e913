import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lastLines, run } from './run.ts';
import { SetupFailure } from './setup-failure.ts';

const require = createRequire(import.meta.url);

/**
 * Lets a child process train a line on the addon.
 *
 * @returns the version of TensorFlow that it ran on
 * @throws SetupFailure if it crashes, or does not converge
 */
export async function checkAddon(addon: string): Promise<string> {
  const script = fileURLToPath(new URL('./train-a-line.ts', import.meta.url));
  const tsx = pathToFileURL(require.resolve('tsx')).href;
  const trained = await run(process.execPath, ['--import', tsx, script, addon]);

  const version = /^TF_Version (\S+)$/m.exec(trained.output)?.[1];
  if (trained.ok && version) return version;
  throw new SetupFailure(
    `The TensorFlow addon was built but does not work on this machine; it said:\n${lastLines(trained.output, 8)}`,
  );
}
