import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import { tf } from './load.ts';

/** Whether TensorFlow computes on a GPU. To be called after `tf.ready()`. */
export const isOnGpu = (): boolean => (tf.backend() as NodeJSKernelBackend).isUsingGpuDevice;
