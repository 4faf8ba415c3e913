import { FREEZE_THRESHOLDS } from '#core/freeze-policy.ts';
import {
  CANDIDATE_HEADER,
  candidateRows,
  headInput,
  profile,
  reasonForSize,
  similarityInWords,
  teacherView,
} from '#core/plan-in-words.ts';
import { count, duration, percent } from '#core/quantities.ts';
import {
  fineTuningSummary,
  mirroringReason,
  raceSummary,
  trainedPart,
} from '#core/training-in-words.ts';
import type { ReportData } from '../report-data.ts';
import { bar } from './bars.ts';
import { type Html, html, prose, trusted } from './html.ts';

/** The plots of the section, as SVG; without those of what was not measured. */
export interface MakingPlots {
  similarity: string | undefined;
  accuracyCurve: string | undefined;
  lossCurve: string | undefined;
}

/** Why so much of the teacher was retrained, and how that went. */
export function makingSection({ card }: ReportData, plots: MakingPlots): Html {
  const { freezePlan, fineTuning, teacher, input } = card;
  const { frozenParameters, trainedParameters, why } = freezePlan;
  return html`<section id="making">
<h2>How it was made</h2>
<p class="lead">Trained: ${trainedPart(freezePlan)}, on ${teacher.name} at ${input.px} × ${input.px} pixels. ${why}</p>
<p class="soft small">${count(frozenParameters)} parameters of the teacher are frozen, ${count(trainedParameters)} were trained.</p>
<div class="plots">${similarity(card, plots)}${curves(card, plots)}</div>
${planned(card)}
${fineTuning && html`<h3>Fine-tuning</h3>${paragraphs([`${fineTuningSummary(fineTuning)}.`, raceSummary(fineTuning), mirroringReason(fineTuning)])}`}
${time(card)}
</section>`;
}

type Card = ReportData['card'];

const paragraphs = (sentences: readonly string[]): Html[] =>
  sentences.filter((each) => each !== '').map((each) => html`<p>${prose(each)}</p>`);

function similarity({ plan, ...rest }: Card, plots: MakingPlots): Html {
  if (!plan || plots.similarity === undefined) return html``;
  const card = { ...rest, plan };
  const { peak, kappa } = profile(card);
  const { perBlock } = plan;
  const title =
    peak === perBlock.length
      ? `The teacher’s last block suits the images best (κ ${kappa.toFixed(2)})`
      : `Block ${peak} of ${perBlock.length} suits the images best (κ ${kappa.toFixed(2)}); what comes after it suits them less`;
  return html`<figure class="plot"><figcaption>${title}<span>Similarity to what the teacher knows, block by block: κ of a probe on each block’s output (0 is chance, 1 is perfect)</span></figcaption>${trusted(plots.similarity)}</figure>`;
}

function curves({ fineTuning, metrics }: Card, { accuracyCurve, lossCurve }: MakingPlots): Html {
  const last = fineTuning?.curve?.at(-1);
  if (!last) return html``;
  const reached = last.validation ? percent(last.validation.accuracy) : '';
  const isHeldOut = metrics.test.method === 'hold-out';
  const gained = isHeldOut
    ? `Held-out accuracy went from ${percent(metrics.validation.headOnly.accuracy)} with the head alone to ${reached}`
    : `Held-out accuracy ended at ${reached} in the last fold`;
  return html`${
    accuracyCurve !== undefined &&
    html`<figure class="plot"><figcaption>${gained}<span>After each epoch of fine-tuning</span></figcaption>${trusted(accuracyCurve)}</figure>`
  }${
    lossCurve !== undefined &&
    html`<figure class="plot"><figcaption>${lossFinding(fineTuning?.curve ?? [])}<span>Cross-entropy after each epoch; that of training is of augmented images, with smoothed labels</span></figcaption>${trusted(lossCurve)}</figure>`
  }`;
}

function lossFinding(curve: NonNullable<NonNullable<Card['fineTuning']>['curve']>): string {
  const losses = curve.flatMap(({ validation }) => (validation ? [validation.crossEntropy] : []));
  const last = losses.at(-1);
  if (last === undefined) return 'The loss fell as the network learned';
  return last > 1.1 * Math.min(...losses)
    ? 'The held-out loss rose again towards the end; the temperature corrects such overconfidence'
    : 'The held-out loss fell, or stayed, until the end';
}

function planned({ plan, ...rest }: Card): Html {
  if (!plan) return html``;
  const card = { ...rest, plan };
  const rows = candidateRows(card);
  const { similar, different } = FREEZE_THRESHOLDS;
  return html`<h3>Why this teacher and this size</h3>
<p class="soft small">Measured on ${count(plan.images)} images in ${duration(plan.seconds)}, before the training.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Teachers and sizes that were tried"><table>
<thead><tr>${CANDIDATE_HEADER.map((cell, i) => (cell === '' ? html`<td></td>` : html`<th scope="col"${i >= 1 && i <= 3 && html` class="number"`}>${cell.charAt(0) + cell.slice(1).toLowerCase()}</th>`))}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td${i <= 3 && html` class="number"`}>${cell}</td>`))}</tr>`)}</tbody></table></div>
${paragraphs([
  reasonForSize(card),
  headInput(card),
  `Similarity to what the teacher knows: ${similarityInWords(card)}. From ${similar.toFixed(2)} on, images count as very similar, below ${different.toFixed(2)} as very different.`,
  teacherView(card),
])}`;
}

const STEPS: Record<string, string> = {
  verify: 'Verifying the files',
  plan: 'Measuring and deciding',
  decode: 'Decoding the images',
  features: 'Computing features',
  head: 'Choosing the head',
  'fine-tune': 'Fine-tuning',
  evaluate: 'Testing',
  report: 'Preparing this report',
  refit: 'Training on all images',
  save: 'Saving and checking the files',
};

function time({ timings }: Card): Html {
  const steps = Object.entries(timings);
  const total = steps.reduce((sum, [, seconds]) => sum + seconds, 0);
  return html`<h3>Where the time went</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Seconds by step"><table>
<thead><tr><th scope="col">Step</th><th scope="col" class="number">Seconds</th><td></td></tr></thead>
<tbody>${steps.map(([step, seconds]) => html`<tr><th scope="row">${STEPS[step] ?? step}</th><td class="number">${seconds.toFixed(1)}</td><td>${bar(total === 0 ? 0 : seconds / total)}</td></tr>`)}
<tr><th scope="row">In all</th><td class="number">${total.toFixed(1)}</td><td></td></tr></tbody></table></div>`;
}
