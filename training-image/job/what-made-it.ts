import { cpus } from 'node:os';
import type { StudentCard } from '#core/card.ts';
import own from '../../package.json' with { type: 'json' };
import { tf } from '../tensorflow/load.ts';

/** The programs and the device that made a student: what one would need to make it again. */
export async function whatMadeIt(): Promise<StudentCard['made']> {
  await tf.ready();
  const { binding, isUsingGPUDevice } = tf.backend() as unknown as {
    binding: { TF_Version: string };
    isUsingGPUDevice: boolean;
  };
  return {
    understudy: own.version,
    tensorflow: binding.TF_Version,
    node: process.versions.node,
    device: isUsingGPUDevice
      ? 'GPU'
      : `CPU: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`,
  };
}
