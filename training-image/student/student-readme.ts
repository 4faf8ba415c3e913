import { readFile } from 'node:fs/promises';
import { judgedOn, meaningOfFigures } from '#core/judged-in-words.ts';
import { headInput, profile, reasonForSize, similarityInWords } from '#core/plan-in-words.ts';
import { count, percent } from '#core/quantities.ts';
import { fineTuningSummary, mirroringReason, trainedPart } from '#core/training-in-words.ts';
import type { CardWithoutFiles } from './student-card.ts';

/** The README of a student: how good it is, and how to use it without any code of this project. */
export async function studentReadme(
  card: CardWithoutFiles,
  hasSavedModel: boolean,
): Promise<string> {
  const { px } = card.input;
  const { test, calibration } = card.metrics;
  const classes = card.classes.map((name) => `\`${name}\``).join(', ');
  const meaning = meaningOfFigures(card);
  const interval = test.interval95.map(percent).join(' to ');
  const temperature = Number(calibration.temperature.toFixed(4));
  return `# ${card.student}

An image classifier for ${card.classes.length} classes: ${classes}.
Its accuracy ${test.method === 'hold-out' ? 'on' : 'in'} ${judgedOn(card)} is ${percent(test.accuracy)} (${count(test.correct)} correct; 95% interval ${interval}).${meaning && ` ${meaning}`}
Images of anything else are also assigned to one of these classes.

- \`model/\`: a TensorFlow.js layers model. Input: pixels from 0 to 255, RGB, \`[batch, ${px}, ${px}, 3]\`. Output: logits, \`[batch, ${card.classes.length}]\`. For probabilities, divide them by the temperature, ${temperature}, and apply softmax. (${calibration.why})
${hasSavedModel ? SAVED_MODEL : ''}- \`resize.mjs\`: resizes an image to ${px} × ${px} pixels, in Node and in browsers. Use it: with a canvas's resizing, one image in twenty is classified differently.
- \`labels.txt\`: the classes, in the order of the logits.
- \`predictions.csv\`: ${aboutAnswers(card)}, the wrong ones first, the most confident at the top.
- \`student.json\`: everything that is known about it: how it was trained, and all measurements.

## Node

Run \`npm install @tensorflow/tfjs sharp\` in this folder, save this as \`predict.mjs\`, and run \`node predict.mjs IMAGE…\` (with \`@tensorflow/tfjs-node\` instead of \`@tensorflow/tfjs\` it is faster):

${await codeBlock('js', 'node.mjs')}

${hasSavedModel ? `## Python\n\nRun \`pip install tensorflow pillow\`, save this in this folder as \`predict.py\` (not \`python.py\`, which TensorFlow would import), and run \`python predict.py IMAGE…\`:\n\n${await codeBlock('python', 'predict.py')}\n\n` : ''}## Browser

Run \`npm install @tensorflow/tfjs\` in this folder, serve it, and open this page from it:

${await codeBlock('html', 'browser.html')}

## How it was made

${madeOf(card)}
`;
}

const SAVED_MODEL = `- \`saved_model/\`: the same as a TensorFlow SavedModel. Its signature \`serving_default\` takes \`pixels\`, float32, and returns \`logits\` and \`probabilities\`.
`;

/** What the answers in predictions.csv are to, and of which student. */
function aboutAnswers({ metrics, refit }: CardWithoutFiles): string {
  const { test, crossValidation } = metrics;
  if (test.method === 'hold-out')
    return `the answer for every test image${refit ? ', of the student before it learned from those too' : ''}`;
  const isRepeated = (crossValidation?.accuracies.length ?? 1) > 1;
  return `the answer for every image in ${isRepeated ? 'the first round of ' : ''}the cross-validation`;
}

/** Teacher, size, features, similarity, and what was trained, each with its reason. */
function madeOf({ plan, ...card }: CardWithoutFiles): string {
  const { teacher, freezePlan, fineTuning, input } = card;
  const { frozenParameters, trainedParameters, why } = freezePlan;
  const planned = plan && { ...card, plan };
  const peak = planned && profile(planned);
  const sentences = [
    `The teacher is ${teacher.name} (${teacher.licence}), at ${input.px} × ${input.px} pixels.${planned ? ` ${reasonForSize(planned)}` : ''}`,
    planned && headInput(planned),
    planned &&
      peak &&
      `Similarity to what the teacher knows: ${similarityInWords(planned)} (κ of a probe on its last features: 0 is chance, 1 is perfect). Of the blocks, number ${peak.peak} of ${planned.plan.perBlock.length} suits the images best (κ ${peak.kappa.toFixed(2)}).`,
    `Trained: ${trainedPart(freezePlan)}; ${count(frozenParameters)} parameters of the teacher are frozen, ${count(trainedParameters)} were trained. ${why}`,
    fineTuning && `Fine-tuning: ${fineTuningSummary(fineTuning)}. ${mirroringReason(fineTuning)}`,
  ];
  return sentences.flatMap((each) => (each ? [`- ${each.trim()}`] : [])).join('\n');
}

async function codeBlock(language: string, program: string): Promise<string> {
  const text = await readFile(new URL(`programs/${program}`, import.meta.url), 'utf8');
  return `\`\`\`${language}\n${text}\`\`\``;
}
