// The only file that imports tfjs-node. The order of the imports matters.
import './require-addon.ts';
import * as tf from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';

export { tf };

/** Whether TensorFlow computes on a GPU. To be called after `tf.ready()`. */
export const isOnGpu = (): boolean => (tf.backend() as NodeJSKernelBackend).isUsingGpuDevice;
