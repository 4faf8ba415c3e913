import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { tf } from '#engine/tensorflow/load.ts';

/** What the contenders on tfjs-node run on. */
export function tfjsVersions(): Record<string, string> {
  const { binding } = tf.backend() as NodeJSKernelBackend;
  return { 'tfjs-node': tf.version_core, tensorflow: binding.TF_Version };
}
