import { cpus } from 'node:os';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import type { StudentCard } from '#core/card.ts';
import { isOnGpu } from '#engine/tensorflow/is-on-gpu.ts';
import { tf } from '#engine/tensorflow/load.ts';
import own from '../../package.json' with { type: 'json' };

/** The software versions and the device that a student is trained with: what it takes to reproduce it. */
export async function describeEnvironment(): Promise<StudentCard['environment']> {
  await tf.ready();
  const { binding } = tf.backend() as NodeJSKernelBackend;
  return {
    understudy: own.version,
    tensorflow: binding.TF_Version,
    node: process.versions.node,
    device: isOnGpu() ? 'GPU' : `CPU: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`,
  };
}
