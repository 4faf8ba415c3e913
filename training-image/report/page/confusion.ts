import { at } from '#core/at.ts';
import { count } from '#core/quantities.ts';
import type { ShownPair } from '../findings.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html, name } from './html.ts';
import { tile } from './images.ts';
import { mistakeId } from './mistakes.ts';
import { images, probability } from './numbers.ts';

const MOST_CLASSES = 30; // a larger matrix cannot be read

/** What is taken for what: the matrix, if it can be read, and the most frequent pairs with images. */
export function confusionSection(data: ReportData): Html {
  const { card, findings } = data;
  const { classes, metrics } = card;
  if (metrics.test.n === 0) return html``;
  const { pairs } = findings;
  const wrong = metrics.test.n - metrics.test.correct;
  return html`<section id="confusion">
<h2>What it mixes up</h2>
<p class="lead">${finding(pairs, wrong, classes)}</p>
${classes.length <= MOST_CLASSES ? matrix(data) : html`<p class="soft small">The matrix of all ${count(classes.length)} classes is in student.json.</p>`}
${pairs.length > 0 && html`<h3>The most frequent pairs</h3><div class="pairs">${pairs.map((pair) => pairBlock(pair, card))}</div>`}
</section>`;
}

function finding(pairs: readonly ShownPair[], wrong: number, classes: readonly string[]): Html {
  const [worst] = pairs;
  if (wrong === 0) return html`Nothing: it made no mistake in its test.`;
  if (wrong === 1) return html`It made a single mistake.`;
  if (!worst)
    return html`No two classes more than once: its ${count(wrong)} mistakes are spread over as many pairs.`;
  const times = worst.aForB + worst.bForA;
  if (times < 3 || times < wrong / 10)
    return html`No pair of classes stands out: its ${count(wrong)} mistakes are spread over many.`;
  const share = times === wrong ? 'All' : `${count(times)} of`;
  return html`${share} its ${count(wrong)} mistakes are between “${name(at(classes, worst.a))}” and “${name(at(classes, worst.b))}”.`;
}

/** Rows: the true class; columns: what it was taken for. Cells lead to images, as far as those are shown. */
function matrix({ card, findings }: ReportData): Html {
  const { classes, metrics } = card;
  const { confusion } = metrics;
  const pairs = new Set(findings.pairs.map(({ a, b }) => pairId(a, b)));
  const mistakes = new Set(
    findings.mistakes.map(({ label, predicted }) => mistakeId(label, predicted)),
  );
  const linkOf = (is: number, taken: number) => {
    const ids = [pairId(is, taken), mistakeId(is, taken)];
    return ids.find((id) => pairs.has(id) || mistakes.has(id));
  };
  const rows = confusion.map((row, is) => {
    const n = row.reduce((sum, each) => sum + each, 0);
    const cells = row.map((times, taken) => {
      if (times === 0) return html`<td class="cell"></td>`;
      const share = times / n;
      const kind =
        is === taken
          ? `right-${Math.max(1, Math.ceil(4 * share))}`
          : `wrong-${Math.min(4, 1 + Math.floor(share / 0.05))}`;
      const link = linkOf(is, taken);
      const shownTimes =
        link === undefined ? count(times) : html`<a href="#${link}">${count(times)}</a>`;
      return html`<td class="${kind}">${shownTimes}</td>`;
    });
    return html`<tr><th scope="row">${name(at(classes, is))}</th>${cells}</tr>`;
  });
  return html`<p class="soft small">Rows: what an image is. Columns: what it was taken for. Blue is right; the redder a cell, the larger its share of the row.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix">
<thead><tr><td></td>${classes.map((each) => html`<th scope="col"><span>${name(each)}</span></th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

const pairId = (a: number, b: number): string => `pair-${Math.min(a, b)}-${Math.max(a, b)}`;

function pairBlock(
  { a, b, aForB, bForA, mistakes, typical }: ShownPair,
  card: ReportData['card'],
): Html {
  const { classes, metrics } = card;
  const n = (label: number) => at(metrics.perClass, label).n;
  const taken = (is: number, as: number, times: number) =>
    html`${count(times)} of ${images(n(is))} of “${name(at(classes, is))}” taken for “${name(at(classes, as))}”`;
  const title = html`${name(at(classes, a))} and ${name(at(classes, b))}`;
  const counts =
    bForA === 0 ? taken(a, b, aForB) : html`${taken(a, b, aForB)}; ${taken(b, a, bForA)}`;
  const right = typical.map((each) =>
    tile(each, html`${name(at(classes, each.label))}, recognised`),
  );
  return html`<div class="pair" id="${pairId(a, b)}"><h4>${title}</h4><p class="soft small">${counts}</p>
<div class="row">${mistakes.map((each) => tile(each, html`${name(at(classes, each.label))}, taken for ${name(at(classes, each.predicted))} (${probability(each.confidence)})`))}${right.length > 0 && html`<span class="divider"></span>`}${right}</div></div>`;
}
