// The only file that imports tfjs-node. The order matters.
import './require-addon.ts';
import * as tf from '@tensorflow/tfjs-node';

export { tf };
