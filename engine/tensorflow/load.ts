// The only file that imports tfjs-node. The order of the imports matters.
import './require-addon.ts';
import * as tf from '@tensorflow/tfjs-node';

export { tf };
