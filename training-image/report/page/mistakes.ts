import { count } from '#core/quantities.ts';
import type { ShownAnswer } from '../findings.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html } from './html.ts';
import { answers } from './images.ts';

/** The images that it was surest about and wrong, and those that it was right about but unsure. */
export function mistakesSection({ card, findings }: ReportData): Html {
  const { classes, metrics, input } = card;
  const { n, correct } = metrics.test;
  if (n === 0) return html``;
  const wrong = n - correct;
  const { mistakes, doubtful } = findings;
  const shown =
    mistakes.length < wrong
      ? `Of ${count(wrong)} mistakes, the ${count(mistakes.length)} that it was surest about. All of them are in predictions.csv.`
      : `${wrong === 1 ? 'The only mistake' : `All ${count(wrong)} mistakes`}, the one that it was surest about first.`;
  return html`<section id="mistakes">
<h2>Its worst mistakes</h2>
${
  wrong === 0
    ? html`<p class="lead">It made none in its test.</p>`
    : html`<p class="lead">${shown.replace('mistake, the one that it was surest about first', 'mistake')}</p>
<p class="soft small">Images as the student sees them, at ${input.px} × ${input.px} pixels. Beside each, what it took the image for (red) and what the label says (bold).</p>
${answers(mistakes, classes, firstOfEach(mistakes))}`
}
${
  doubtful.length > 0 &&
  html`<h3>Right, but unsure</h3>
<p class="soft small">Of the images that it recognised, those that it was least sure about. More images like these would help.</p>
${answers(doubtful, classes)}`
}
</section>`;
}

/** Where the confusion matrix leads to: the first image of each class that was taken for each other one. */
export const mistakeId = (label: number, predicted: number): string =>
  `mistake-${label}-${predicted}`;

function firstOfEach(mistakes: readonly ShownAnswer[]): (image: ShownAnswer) => string | undefined {
  const seen = new Set<string>();
  const ids = new Map<ShownAnswer, string>();
  for (const image of mistakes) {
    const id = mistakeId(image.label, image.predicted);
    if (!seen.has(id)) ids.set(image, id);
    seen.add(id);
  }
  return (image) => ids.get(image);
}
