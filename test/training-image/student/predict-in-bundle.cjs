// Run by itself, without a loader of ours: the bundle that browsers load, on pixels as a canvas gives them.
// A student's folder and a JSON file of images ([{ rgba: base64, width, height }]) in, their logits out.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const tf = require('@tensorflow/tfjs/dist/tf.min.js');

const [folder, images, px] = process.argv.slice(2);

async function main() {
  const { resize } = await import(join(folder, 'resize.mjs'));
  const json = JSON.parse(readFileSync(join(folder, 'model', 'model.json'), 'utf8'));
  const [{ paths, weights: weightSpecs }] = json.weightsManifest;
  const weightData = new Uint8Array(readFileSync(join(folder, 'model', paths[0]))).buffer;
  const model = await tf.loadLayersModel({
    load: async () => ({ modelTopology: json.modelTopology, weightSpecs, weightData }),
  });
  const size = Number(px);
  const logits = JSON.parse(readFileSync(images, 'utf8')).map(({ rgba, width, height }) => {
    const pixels = resize(Buffer.from(rgba, 'base64'), width, height, size);
    const image = tf.tensor(Float32Array.from(pixels), [1, size, size, 3]);
    return [...model.predict(image).dataSync()];
  });
  process.stdout.write(JSON.stringify(logits));
}
main();
