import { cpus } from 'node:os';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import type { StudentCard } from '#core/card.ts';
import { isOnGpu, tf } from '#engine/tensorflow/load.ts';
import own from '../../package.json' with { type: 'json' };

const GPU = 'GPU';

export type Environment = StudentCard['environment'];

/** The software versions and the device that a student is trained with: what it takes to reproduce it. */
export async function describeEnvironment(): Promise<Environment> {
  await tf.ready();
  const { binding } = tf.backend() as NodeJSKernelBackend;
  return {
    understudy: own.version,
    tensorflow: binding.TF_Version,
    node: process.versions.node,
    device: isOnGpu() ? GPU : `CPU: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`,
  };
}

/**
 * The part of the environment that intermediate results depend on beyond rounding. A training that is relaunched on an
 * instance with another processor goes on from its checkpoints.
 */
export const cacheKeyOf = ({ understudy, tensorflow, device }: Environment): string[] => [
  understudy,
  tensorflow,
  device === GPU ? GPU : 'CPU',
];
