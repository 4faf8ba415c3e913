import { judgedOn, meaningOfFigures } from '#core/judged-in-words.ts';
import { headInput, profile, reasonForSize, similarityInWords } from '#core/plan-in-words.ts';
import { UNPRINTABLE } from '#core/printable.ts';
import { count, percent } from '#core/quantities.ts';
import { fineTuningSummary, mirroringReason, trainedPart } from '#core/training-in-words.ts';
import type { CardWithoutFiles } from './student-card.ts';

/** The README of a student: how good it is, and how to use it without any code of this project. */
export function studentReadme(card: CardWithoutFiles, hasSavedModel: boolean): string {
  const { px } = card.input;
  const { test, calibration } = card.metrics;
  const classes = card.classes.map(asCode).join(', ');
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
- \`report.html\`: how good it is, what it mixes up, its worst mistakes, and what to do next; a page with small copies of some of the images.
- \`predictions.csv\`: ${aboutAnswers(card)}, the wrong ones first, the most confident at the top.
- \`suspects.csv\`: images whose label may be wrong, and what it suggests.
- \`student.json\`: everything that is known about it: how it was trained, and all measurements.

## Node

\`\`\`
npm install
node predict.mjs IMAGE…
\`\`\`

[\`predict.mjs\`](predict.mjs) is forty lines for your own program. With \`@tensorflow/tfjs-node\` instead of \`@tensorflow/tfjs\` it is faster.

${hasSavedModel ? PYTHON : ''}## Browser

\`\`\`
npm install
python3 -m http.server
\`\`\`

and open http://localhost:8000 (any other web server will do): [\`index.html\`](index.html) classifies images that you drop or choose, and what the camera sees. Nothing leaves your machine.

## How it was made

${madeOf(card)}
`;
}

const SAVED_MODEL = `- \`saved_model/\`: the same as a TensorFlow SavedModel. Its signature \`serving_default\` takes \`pixels\`, float32, and returns \`logits\` and \`probabilities\`.
`;

const PYTHON = `## Python

\`\`\`
pip install tensorflow pillow
python predict.py IMAGE…
\`\`\`

`;

/** A name as Markdown shows it and does nothing else with it: between more backticks than it has in a row. */
function asCode(name: string): string {
  const line = name.replaceAll(new RegExp(UNPRINTABLE, 'gu'), '\uFFFD');
  const runs = [...line.matchAll(/`+/g)].map(([run]) => run.length);
  const fence = '`'.repeat(1 + Math.max(0, ...runs));
  const space = runs.length > 0 ? ' ' : ''; // or a backtick at an end would be one of the fence's
  return `${fence}${space}${line}${space}${fence}`;
}

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
