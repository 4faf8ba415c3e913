import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';
import { resize } from './resize.mjs';

const { input, metrics } = JSON.parse(await readFile('student.json', 'utf8'));
const labels = (await readFile('labels.txt', 'utf8')).trimEnd().split('\n');
const json = JSON.parse(await readFile('model/model.json', 'utf8'));
const weights = await readFile('model/weights.bin');
const model = await tf.loadLayersModel(
  tf.io.fromMemory({
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0].weights,
    weightData: new Uint8Array(weights).buffer,
  }),
);

for (const file of process.argv.slice(2)) {
  const { data, info } = await sharp(file, { autoOrient: true })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const pixels = Float32Array.from(resize(data, info.width, info.height, input.px));
  const logits = model.predict(tf.tensor(pixels, [1, input.px, input.px, 3]));
  const probabilities = await tf.softmax(logits.div(metrics.calibration.temperature)).data();
  const best = probabilities.indexOf(Math.max(...probabilities));
  console.log(file, labels[best], probabilities[best].toFixed(3));
}
