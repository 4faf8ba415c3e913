import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tf } from '#engine/tensorflow/load.ts';

// The accuracy of a student on the test images, with its layers-model in plain tfjs, as any user would run it.
const [, , model = '', images = '', px = ''] = process.argv;
const student = await tf.loadLayersModel(`file://${join(model, 'model.json')}`);
const pixels = new Uint8Array(readFileSync(join(images, 'test.u8')));
const labels = new Uint8Array(readFileSync(join(images, 'test-labels.u8')));
const side = Number(px);
const size = side * side * 3;
const AT_ONCE = 25;

// Its classes are in the order of their names, class-0 to class-9.
let right = 0;
for (let from = 0; from < labels.length; from += AT_ONCE) {
  const some = Float32Array.from(pixels.subarray(from * size, (from + AT_ONCE) * size));
  const answers = tf.tidy(() => {
    const logits = student.predictOnBatch(tf.tensor4d(some, [some.length / size, side, side, 3]));
    return (logits as tf.Tensor2D).argMax(1).dataSync();
  });
  for (const [i, answer] of answers.entries()) if (answer === labels[from + i]) right += 1;
}
process.stdout.write(`${JSON.stringify({ accuracy: right / labels.length })}\n`);
