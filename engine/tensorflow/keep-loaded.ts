import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { addonIn, tfjsNodeFolder } from './compile-addon.ts';
import { prepareForTensorflow } from './prepare-tensorflow.ts';

/**
 * Keeps TensorFlow's library loaded until the process exits. To be called by a main thread whose workers use TensorFlow.
 *
 * A worker that ends unloads its addons. If it had computed nothing yet, the library was unloaded too while its exit handlers
 * stayed registered, and the process ended with a segmentation fault instead of its exit code.
 */
export function keepTensorflowLoaded(): void {
  const addon = addonIn(tfjsNodeFolder());
  if (!existsSync(addon)) return; // the worker will report it
  prepareForTensorflow(addon);
  createRequire(import.meta.url)(addon);
}
