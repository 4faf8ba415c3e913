import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { tf } from '../tensorflow/load.ts';

/** Whether TensorFlow has a graphics processor here, and computes on it. */
export const isOnGpu = (): boolean => (tf.backend() as NodeJSKernelBackend).isUsingGpuDevice;
