import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { prepareForTensorflow } from './before-tensorflow.ts';
import { addonIn, tfjsNodeFolder } from './compile-addon.ts';

/**
 * For whoever lets a worker thread use TensorFlow: holds the library until the process has ended. A thread that ends
 * takes its addons along, and where it had computed nothing yet the library went with them; its exit handlers stayed
 * behind, and the process ended with a segmentation fault instead of its exit code.
 */
export function keepTensorflowLoaded(): void {
  const addon = addonIn(tfjsNodeFolder());
  if (!existsSync(addon)) return; // the thread will say so
  prepareForTensorflow(addon);
  createRequire(import.meta.url)(addon);
}
