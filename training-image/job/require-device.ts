import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import * as z from 'zod';
import { hasGpu } from '#core/cost.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { isOnGpu, tf } from '#engine/tensorflow/load.ts';
import { type Device, deviceOf } from '#engine/tensorflow/platform.ts';
import { TrainingRefused } from './errors.ts';
import type { Reporter } from './reporter.ts';

/**
 * Logs the device that the training runs on, and ends it if the instance has a GPU that would be paid for but unused.
 *
 * @throws TrainingRefused NO_GPU
 */
export async function requireDevice(folders: MlFolder, report: Reporter): Promise<void> {
  const image = deviceOf(process.env);
  const instanceType = await readInstanceType(folders);
  await tf.ready();
  const gpu = isOnGpu();
  const refusal = refusalOf({ image, instanceType, gpu });
  if (refusal) throw new TrainingRefused('NO_GPU', refusal);
  report.line(deviceLine({ image, instanceType, gpu }));
}

export interface Devices {
  image: Device | undefined; // that the training image was built for; the local pipeline has no image
  instanceType: string | undefined;
  gpu: boolean; // whether TensorFlow sees one
}

/** Why the training must not begin; `undefined` if it may. */
export function refusalOf({ image, instanceType, gpu }: Devices): string | undefined {
  if (!image || !instanceType || gpu || !hasGpu(instanceType)) return undefined;
  if (image === 'cpu') {
    return `The instance ${instanceType} has a GPU, but this training image was built for CPUs.`;
  }
  return `The instance ${instanceType} has a GPU, but TensorFlow does not see it; the log says why.`;
}

export function deviceLine({ image, instanceType, gpu }: Devices): string {
  if (gpu) return 'device: GPU';
  const processor = `device: CPU, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown model'}`;
  if (image !== 'gpu') return processor;
  return `${processor} (a GPU image on ${instanceType ?? 'a machine'} without a GPU)`;
}

const ResourceConfig = z.object({ current_instance_type: z.string().optional() });

/** SageMaker always writes the file; it may be missing if the image is started by hand. */
async function readInstanceType({ resourceConfig }: MlFolder): Promise<string | undefined> {
  const text = await readFile(resourceConfig, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return ResourceConfig.parse(JSON.parse(text)).current_instance_type;
}

/** The instance that is paid for. The local pipeline names a type as well, but has no image, and rents nothing. */
export async function rentedInstance(folders: MlFolder): Promise<{ instanceType?: string }> {
  const instanceType = deviceOf(process.env) && (await readInstanceType(folders));
  return instanceType === undefined ? {} : { instanceType };
}
