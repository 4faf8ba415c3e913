import { judgedOn } from '#core/judged-in-words.ts';
import { percent } from '#core/quantities.ts';
import { wilson95 } from '#core/wilson-interval.ts';
import type { ReportData } from '../report-data.ts';
import { intervalBar } from './bars.ts';
import { type Html, html, name } from './html.ts';
import { images, interval } from './numbers.ts';

interface Row {
  what: string | Html;
  accuracy: number;
  interval95: readonly [number, number];
  on: string;
  isStudent: boolean;
}

/** The accuracy beside those that can be had for less. */
export function accuracySection({ card }: ReportData): Html {
  const { test } = card.metrics;
  if (test.n === 0) return html``;
  const { balancedAccuracy, macroF1 } = test;
  return html`<section id="accuracy">
<h2>How good is that?</h2>
<p class="lead">${comparison(card)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Accuracy beside simpler classifiers"><table>
<thead><tr><th scope="col">Classifier</th><th scope="col" class="number">Correct</th><th scope="col">95% interval</th><th scope="col">Measured on</th></tr></thead>
<tbody>${rows(card).map(row)}</tbody>
</table></div>
<p class="soft small">Balanced accuracy, which counts each class alike: ${percent(balancedAccuracy.value)} (${interval(balancedAccuracy.interval95)}). Macro-F1: ${percent(macroF1.value)} (${interval(macroF1.interval95)}). Only rows that were measured on the same images can be compared to the point.</p>
</section>`;
}

const row = ({ what, accuracy, interval95, on, isStudent }: Row): Html =>
  html`<tr${isStudent ? undefined : html` class="other"`}><th scope="row">${what}</th><td class="number">${percent(accuracy)}</td><td>${intervalBar(accuracy, interval95)}</td><td>${on}</td></tr>`;

type Card = ReportData['card'];

/** Whether fine-tuning was judged on all the images that the head alone was: there may be no time for each fold. */
const isOnSameImages = ({ fineTuning, metrics }: Card): boolean =>
  metrics.test.method === 'hold-out' ||
  (fineTuning?.splits ?? 1) >= (metrics.crossValidation?.folds ?? 1);

function comparison(card: Card): string {
  const { metrics, plan, freezePlan } = card;
  const { accuracy } = metrics.test;
  const fewer = (1 - metrics.majorityBaseline) / Math.max(1e-9, 1 - accuracy);
  const over =
    accuracy === 1
      ? 'It made no mistake in its test.'
      : fewer >= 1.5
        ? `It makes ${fewer >= 10 ? Math.round(fewer) : fewer.toFixed(1)} times fewer mistakes than always giving the most frequent answer.`
        : 'It is hardly better than always giving the most frequent answer.';
  const last = plan?.features.tried.find(({ set }) => set === 'last');
  const chosen = plan?.features.tried.find(({ set }) => set === plan.features.set);
  const gain =
    last && chosen && chosen.accuracy - last.accuracy >= 0.005
      ? ` Giving the head more than the teacher’s last features was worth ${(100 * (chosen.accuracy - last.accuracy)).toFixed(1)} points on the sample.`
      : '';
  const { validation } = metrics;
  const tuned =
    freezePlan.used === 'head-only' || !isOnSameImages(card)
      ? ''
      : ` Fine-tuning was worth ${(100 * (validation.accuracy - validation.headOnly.accuracy)).toFixed(1)} points over the head alone.`;
  return `${over}${gain}${tuned}`;
}

function rows(card: Card): Row[] {
  const { metrics, plan, fineTuning, freezePlan } = card;
  const { test, validation, majorityBaseline, perClass } = metrics;
  const largest = [...perClass].sort((a, b) => b.n - a.n)[0];
  const of = (accuracy: number, n: number) => wilson95(Math.round(accuracy * n), n);
  const listed: Row[] = [
    {
      what: 'The student',
      accuracy: test.accuracy,
      interval95: test.interval95,
      on: judgedOn(card),
      isStudent: true,
    },
    {
      what: html`Always “${name(largest?.name ?? '')}”`,
      accuracy: majorityBaseline,
      interval95: of(majorityBaseline, test.n),
      on: 'the same images',
      isStudent: false,
    },
  ];
  if (fineTuning?.validation && validation.n > 0) {
    const on =
      test.method === 'hold-out'
        ? `${images(validation.n)} of the validation part`
        : 'the same images';
    const pair = [
      {
        what: `Fine-tuned (${fineTuning.regime})`,
        accuracy: fineTuning.validation.accuracy,
        on,
        isStudent: freezePlan.used !== 'head-only',
      },
      {
        what: 'Head alone',
        accuracy: validation.headOnly.accuracy,
        on: isOnSameImages(card) ? on : 'the images of all folds',
        isStudent: freezePlan.used === 'head-only',
      },
    ];
    for (const each of pair) listed.push({ ...each, interval95: of(each.accuracy, validation.n) });
  }
  for (const set of plan ? new Set([plan.features.set, 'last']) : []) {
    const tried = plan?.features.tried.find((each) => each.set === set);
    if (!plan || !tried) continue;
    listed.push({
      what:
        set === 'last'
          ? 'Probe on the teacher’s last features'
          : 'Probe on the features that were chosen',
      accuracy: tried.accuracy,
      interval95: of(tried.accuracy, plan.images),
      on: `${images(plan.images)}, in cross-validation`,
      isStudent: false,
    });
  }
  return listed;
}
