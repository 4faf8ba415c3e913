import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addonIn } from './compile-addon.ts';
import type { Report } from './fetch-wheel.ts';
import { lastLines, run } from './run-command.ts';
import { SetupFailure } from './setup-failure.ts';

/** Whether tfjs-node's own install step has installed an addon. */
export const stockIsInstalled = (tfjsNode: string): Promise<boolean> =>
  stat(addonIn(tfjsNode)).then(
    (addon) => addon.isFile(),
    () => false,
  );

/** Runs tfjs-node's own install step, which downloads TensorFlow 2.9. `.npmrc` keeps npm from running it. */
export async function installStock(tfjsNode: string, report: Report): Promise<void> {
  report(
    'no current TensorFlow is packaged for this platform: installing the older one of tfjs-node (2.9, slower)',
  );
  const installed = await run(process.execPath, [join(tfjsNode, 'scripts', 'install.js')]);
  if (installed.ok && (await stockIsInstalled(tfjsNode))) return;
  throw new SetupFailure(
    `tfjs-node's own install step failed; it downloads from hosts that some networks block. Its output:\n${lastLines(installed.output, 8)}`,
  );
}
