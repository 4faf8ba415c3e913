import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import * as z from 'zod';
import { hasGpu } from '#core/instance-type.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { isOnGpu } from '#engine/tensorflow/is-on-gpu.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { type Device, deviceOf } from '#engine/tensorflow/platform.ts';
import { TrainingRefused } from './errors.ts';
import type { Tell } from './reporter.ts';

/**
 * Says on which device the training will run, and ends it where a GPU is paid for and would stand idle.
 *
 * @throws TrainingRefused NO_GPU
 */
export async function requireDevice(folders: MlFolder, tell: Tell): Promise<void> {
  const image = deviceOf(process.env);
  const instanceType = await instanceTypeIn(folders);
  await tf.ready();
  const gpu = isOnGpu();
  const refusal = refusalOf({ image, instanceType, gpu });
  if (refusal) throw new TrainingRefused('NO_GPU', refusal);
  tell.line(deviceLine({ image, instanceType, gpu }));
}

export interface Devices {
  image: Device | undefined; // what the training image was built for; the local form runs in none
  instanceType: string | undefined;
  gpu: boolean; // whether TensorFlow sees one
}

/** Why a training must not begin; it may where there is nothing to be said. */
export function refusalOf({ image, instanceType, gpu }: Devices): string | undefined {
  if (!image || !instanceType || gpu || !hasGpu(instanceType)) return undefined;
  if (image === 'cpu') {
    return `The instance ${instanceType} has a GPU, and this training image was built for the CPU.`;
  }
  return `The instance ${instanceType} has a GPU, but TensorFlow sees none; the log says why.`;
}

export function deviceLine({ image, instanceType, gpu }: Devices): string {
  if (gpu) return 'device: GPU';
  const processor = `device: CPU, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown kind'}`;
  if (image !== 'gpu') return processor;
  return `${processor} (an image for GPUs on ${instanceType ?? 'a machine'} without any)`;
}

const ResourceConfig = z.object({ current_instance_type: z.string().optional() });

/** SageMaker always writes the file; whoever starts the image by hand need not. */
async function instanceTypeIn({ resourceConfig }: MlFolder): Promise<string | undefined> {
  const text = await readFile(resourceConfig, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return ResourceConfig.parse(JSON.parse(text)).current_instance_type;
}
