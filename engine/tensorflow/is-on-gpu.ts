import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { tf } from './load.ts';

/** Whether TensorFlow has a GPU here, and computes on it; once `tf.ready()`. */
export const isOnGpu = (): boolean => (tf.backend() as NodeJSKernelBackend).isUsingGpuDevice;
