import { createRequire } from 'node:module';
import process from 'node:process';
import { prepareForTensorflow } from './prepare-tensorflow.ts';

// Trains a straight line on the addon that is its argument. check-addon.ts runs it in a child process, because an
// incompatible addon crashes the process that loads it. The addon is not in tfjs-node's folder yet, so the function that
// tfjs-node asks for its path is replaced.
const addon = process.argv[2] ?? '';
const require = createRequire(import.meta.url);
const fromTfjsNode = createRequire(require.resolve('@tensorflow/tfjs-node/package.json'));
const finder = fromTfjsNode.resolve('@mapbox/node-pre-gyp');
require.cache[finder] = {
  id: finder,
  filename: finder,
  loaded: true,
  exports: { find: () => addon },
} as unknown as NodeJS.Module;

prepareForTensorflow(addon);
const tf = require('@tensorflow/tfjs-node') as typeof import('@tensorflow/tfjs-node');

const x = tf.tensor1d([-1, 0, 1, 2]); // [4]
const y = tf.tensor1d([-1, 1, 3, 5]); // [4], y = 2 x + 1
const slope = tf.scalar(0).variable();
const intercept = tf.scalar(0).variable();
const optimizer = tf.train.sgd(0.1);
for (let step = 0; step < 200; step++) {
  optimizer.minimize(() => x.mul(slope).add(intercept).sub(y).square().mean());
}

const [a = Number.NaN, b = Number.NaN] = [...slope.dataSync(), ...intercept.dataSync()];
if (!(Math.abs(a - 2) < 1e-3 && Math.abs(b - 1) < 1e-3)) {
  throw new Error(`fitting the line y = 2 x + 1 gave y = ${a} x + ${b}`);
}
const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
process.stdout.write(`TF_Version ${binding.TF_Version}\n`);
