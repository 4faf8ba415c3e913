// The only file that imports tfjs-node. Order matters: what comes before TensorFlow, then TensorFlow.
import './before-tensorflow.ts';
import './require-addon.ts';
import * as tf from '@tensorflow/tfjs-node';

export { tf };
