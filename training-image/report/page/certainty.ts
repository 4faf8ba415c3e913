import { count, percent } from '#core/quantities.ts';
import { wilson95 } from '#core/wilson-interval.ts';
import type { CoveragePoint } from '../coverage.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html, trusted } from './html.ts';
import { interval, probability, threshold as thresholdInWords } from './numbers.ts';

/** The plots of the section, as SVG. */
export interface CertaintyPlots {
  coverage: string;
  reliability: string;
}

/** How far its probabilities can be relied on, and what is gained by not answering when it is unsure. */
export function certaintySection({ card, findings }: ReportData, plots: CertaintyPlots): Html {
  const { calibration, test } = card.metrics;
  if (test.n === 0) return html``;
  const { thresholds } = findings;
  return html`<section id="certainty">
<h2>When it is sure</h2>
<p class="lead">${selective(thresholds)}</p>
<div class="plots">
<figure class="plot"><figcaption>${selectiveTitle(thresholds)}<span>Accuracy among the images that are answered, with its 95% interval</span></figcaption>${trusted(plots.coverage)}</figure>
<figure class="plot"><figcaption>${trust(findings.meanConfidence, card)}<span>How often answers of each confidence are right, with 95% intervals; the larger the dot, the more answers</span></figcaption>${trusted(plots.reliability)}</figure>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Thresholds"><table>
<thead><tr><th scope="col">It answers if at least so sure</th><th scope="col" class="number">Answers</th><th scope="col" class="number">Correct of those</th><th scope="col" class="number">95% interval</th></tr></thead>
<tbody>${thresholds.map((point) => thresholdRow(point, test.n))}</tbody></table></div>
<p class="soft small">Expected calibration error ${percent(calibration.after.ece)} (${percent(calibration.before.ece)} before its confidences were scaled by the temperature ${calibration.temperature.toFixed(2)}). ${calibration.why} The thresholds were read off the test itself: on new images, expect slightly less.</p>
</section>`;
}

const accuracyOf = ({ answered, correct }: CoveragePoint): number => correct / answered;

/** The point that says most: the one that leaves out about a tenth. */
const atNinety = (points: readonly CoveragePoint[]): CoveragePoint | undefined => {
  const all = points[0]?.answered ?? 0;
  return points.find(
    ({ answered }) => answered < all && answered <= 0.93 * all && answered >= 0.85 * all,
  );
};

function selectiveTitle(points: readonly CoveragePoint[]): string {
  const [all] = points;
  const some = atNinety(points);
  if (!all || !some) return 'Accuracy, if it answers only when it is sure';
  return `Answering the surest ${probability(some.answered / all.answered)}, it is correct on ${percent(accuracyOf(some))}`;
}

function selective(points: readonly CoveragePoint[]): string {
  const [all] = points;
  const some = atNinety(points);
  if (!all) return '';
  if (all.correct === all.answered)
    return 'It was right about every image of its test, however sure it was; so no threshold can be told from this test.';
  if (!some)
    return 'It gives most answers with the same confidence, so it cannot tell its mistakes beforehand.';
  const left = all.answered - some.answered;
  const caught = all.answered - all.correct - (some.answered - some.correct);
  return `If the least sure ${count(left)} of ${count(all.answered)} images are left to a person (those below ${thresholdInWords(some.threshold)}), that catches ${caughtInWords(caught, all.answered - all.correct)}: of the others, ${percent(accuracyOf(some))} are right instead of ${percent(accuracyOf(all))}.`;
}

const caughtInWords = (caught: number, mistakes: number): string => {
  if (caught < mistakes) return `${count(caught)} of the ${count(mistakes)} mistakes`;
  return mistakes === 1 ? 'its only mistake' : `all ${count(mistakes)} mistakes`;
};

const FITTING = 0.03; // chosen: so small a difference between confidence and accuracy misleads nobody

/** Whether the confidences fit the accuracy, as far as the test can tell. */
function trust(meanConfidence: number, { metrics }: ReportData['card']): string {
  const { accuracy, interval95 } = metrics.test;
  const says = `it says ${percent(meanConfidence)} on average and is right on ${percent(accuracy)}`;
  const gap = meanConfidence - accuracy;
  const how = gap > 0 ? 'sure of itself' : 'modest';
  if (Math.abs(gap) <= FITTING) return `Its confidence can be believed: ${says}`;
  return meanConfidence > interval95[1] || meanConfidence < interval95[0]
    ? `Too ${how}: ${says}`
    : `Perhaps too ${how}, but that may be chance: ${says}`;
}

function thresholdRow(point: CoveragePoint, n: number): Html {
  const { threshold, answered, correct } = point;
  return html`<tr><td>${answered === n ? 'always' : thresholdInWords(threshold)}</td><td class="number">${count(answered)} of ${count(n)}</td><td class="number">${percent(accuracyOf(point))}</td><td class="number">${interval(wilson95(correct, answered))}</td></tr>`;
}
