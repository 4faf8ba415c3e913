// Run by itself, without a loader of ours: a teacher's folder and size in, its answer to the first synthetic image out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

const [folder, size] = process.argv.slice(2);
const { modelTopology, weightsManifest } = JSON.parse(
  readFileSync(join(folder, 'model.json'), 'utf8'),
);
const [{ paths, weights: weightSpecs }] = weightsManifest;
const weightData = new Uint8Array(readFileSync(join(folder, paths[0]))).buffer;
const model = await tf.loadLayersModel({
  load: async () => ({ modelTopology, weightSpecs, weightData }),
});

const px = Number(size);
const pixels = tf.buffer([1, px, px, 3]);
for (let y = 0; y < px; y++) {
  for (let x = 0; x < px; x++) {
    for (let c = 0; c < 3; c++)
      pixels.set((7 * y + 13 * x + 31 * c + ((y * x) % 251)) % 256, 0, y, x, c);
  }
}
const { values, indices } = tf.topk(model.predict(pixels.toTensor()), 5);
process.stdout.write(
  JSON.stringify({ top5: [...indices.dataSync()], logits: [...values.dataSync()] }),
);
