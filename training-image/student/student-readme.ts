import type { StudentCard } from '#core/card.ts';

const SAVED_MODEL = `- \`saved_model/\`: the same as a TensorFlow SavedModel. Its signature \`serving_default\` takes \`pixels\`, float32, and gives \`logits\` and \`probabilities\`.
`;

const PYTHON = `## In Python

With TensorFlow, for images that \`resize.mjs\` has brought to size, as float32:

\`\`\`python
import tensorflow as tf

student = tf.saved_model.load('saved_model').signatures['serving_default']
answers = student(pixels=tf.constant(pixels))['probabilities']
\`\`\`

`;

/** How to use a student without any code of ours. A test runs both programs as they stand here. */
export function studentReadme(card: Omit<StudentCard, 'files'>, hasSavedModel: boolean): string {
  const { px } = card.input;
  const { test, calibration } = card.metrics;
  const temperature = Number(calibration.temperature.toFixed(4));
  const percent = (fraction: number) => (100 * fraction).toFixed(1);
  return `# ${card.student}

Names what is on a image, as one of ${card.classes.length} classes: ${card.classes.map((name) => `\`${name}\``).join(', ')}.
Right on ${test.correct} of ${test.n} images that it was neither trained nor chosen on: ${percent(test.accuracy)} % (95 % interval ${percent(test.interval95[0])} to ${percent(test.interval95[1])} %).
A image of something else gets one of these names too.

- \`model/\`: a TensorFlow.js layers-model. In: pixels 0 to 255, RGB, \`[batch, ${px}, ${px}, 3]\`. Out: a logit for each class, \`[batch, ${card.classes.length}]\`; softmax makes probabilities of them, after a division by ${temperature}, the temperature. (${calibration.why})
${hasSavedModel ? SAVED_MODEL : ''}- \`resize.mjs\`: how a image comes to ${px} × ${px} pixels, for Node and browsers. Use it: resized by a canvas instead, one image in twenty gets another answer.
- \`labels.txt\`: the classes in the order of the logits.
- \`student.json\`: everything that is known of it, how it was trained and measured.

## In Node

\`npm install @tensorflow/tfjs sharp\`, then in this folder (\`@tensorflow/tfjs-node\` in place of \`@tensorflow/tfjs\` is faster):

\`\`\`js node
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';
import { resize } from './resize.mjs';

const json = JSON.parse(await readFile('model/model.json', 'utf8'));
const weights = await readFile('model/weights.bin');
const model = await tf.loadLayersModel(tf.io.fromMemory({
  modelTopology: json.modelTopology,
  weightSpecs: json.weightsManifest[0].weights,
  weightData: new Uint8Array(weights).buffer,
}));
const labels = (await readFile('labels.txt', 'utf8')).trimEnd().split('\\n');

for (const file of process.argv.slice(2)) {
  const { data, info } = await sharp(file, { autoOrient: true }).toColourspace('srgb')
    .flatten({ background: 'white' }).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const pixels = resize(data, info.width, info.height, ${px});
  const logits = model.predict(tf.tensor(Float32Array.from(pixels), [1, ${px}, ${px}, 3]));
  const probabilities = await tf.softmax(logits.div(${temperature})).data();
  const best = probabilities.indexOf(Math.max(...probabilities));
  console.log(file, labels[best], probabilities[best].toFixed(3));
}
\`\`\`

${hasSavedModel ? PYTHON : ''}## In the browser

\`npm install @tensorflow/tfjs\` in this folder, serve it, and open this page in it:

\`\`\`html browser
<script src="node_modules/@tensorflow/tfjs/dist/tf.min.js"></script>
<input type="file" accept="image/*" id="file" disabled> <output id="answer"></output>
<script type="module">
  import { resize } from './resize.mjs';

  const model = await tf.loadLayersModel('model/model.json');
  const labels = (await (await fetch('labels.txt')).text()).trimEnd().split('\\n');

  const input = document.getElementById('file');
  input.disabled = false;
  input.onchange = async () => {
    const image = await createImageBitmap(input.files[0]);
    const { width, height } = image;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0);
    const pixels = resize(context.getImageData(0, 0, width, height).data, width, height, ${px});
    const logits = tf.tidy(() => model.predict(tf.tensor(Float32Array.from(pixels), [1, ${px}, ${px}, 3])));
    const probabilities = await tf.softmax(logits.div(${temperature})).data();
    const best = probabilities.indexOf(Math.max(...probabilities));
    document.getElementById('answer').textContent = \`\${labels[best]} (\${probabilities[best].toFixed(3)})\`;
  };
</script>
\`\`\`

The teacher is ${card.teacher.name} (${card.teacher.licence}); ${card.freezePlan.why}
`;
}
