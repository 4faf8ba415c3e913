import { at } from '#core/at.ts';
import { count, percent } from '#core/quantities.ts';
import { confusions } from '#core/verdict.ts';
import type { ReportData } from '../report-data.ts';
import { intervalBar } from './bars.ts';
import { type Html, html, name } from './html.ts';

const SHOWN = 20; // classes before the rest is folded; chosen
const MOST = 400; // rows, so that the page stays small; chosen

/** A row per class, those that are recognised worst first. */
export function classesSection({ card }: ReportData): Html {
  const { perClass, test } = card.metrics;
  const learned = card.data.perClass;
  if (test.n === 0) return html``;
  const mistakenFor = new Map<string, string>();
  for (const { is, takenFor } of confusions(card))
    if (!mistakenFor.has(is)) mistakenFor.set(is, takenFor);

  const order = [...perClass.keys()].sort((a, b) => {
    const [one, other] = [at(perClass, a), at(perClass, b)];
    return (
      Number(one.n === 0) - Number(other.n === 0) || one.recall - other.recall || other.n - one.n
    );
  });
  const isHeldOut = test.method === 'hold-out';
  const row = (i: number) => {
    const { name: label, n, correct, precision, recall, f1, interval95 } = at(perClass, i);
    const { train = 0, validation = 0, test: tested = 0 } = learned[i] ?? {};
    const images = isHeldOut && !card.refit ? train : train + validation + tested;
    const confused = mistakenFor.get(label);
    return html`<tr><th scope="row">${name(label)}</th>${number(images, 'spare')}${number(n)}${number(correct)}
<td class="number" data-value="${recall}">${n === 0 ? '–' : percent(recall)}</td><td>${n > 0 && intervalBar(recall, interval95)}</td>
<td class="number spare" data-value="${precision}">${percent(precision)}</td><td class="number spare" data-value="${f1}">${percent(f1)}</td>
<td class="spare">${confused === undefined ? '' : name(confused)}</td></tr>`;
  };
  const table = (rows: readonly number[], label: string) =>
    html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="wide" data-sortable>
<thead><tr><th scope="col">Class</th><th scope="col" class="number spare">Learned from</th><th scope="col" class="number">Tested</th><th scope="col" class="number">Correct</th><th scope="col" class="number">Recall</th><th scope="col">95% interval</th><th scope="col" class="number spare">Precision</th><th scope="col" class="number spare">F1</th><th scope="col" class="spare">Most often taken for</th></tr></thead>
<tbody>${rows.map(row)}</tbody></table></div>`;
  const isLong = order.length > SHOWN + 10;
  const first = isLong ? order.slice(0, SHOWN) : order;
  const rest = order.slice(first.length, MOST);
  const left = order.length - first.length - rest.length;
  return html`<section id="classes">
<h2>Class by class</h2>
<p class="lead">${finding(perClass.filter(({ n }) => n > 0))}</p>
${table(first, isLong ? `The ${SHOWN} classes that are recognised worst` : 'All classes')}
${rest.length > 0 && html`<details><summary>${count(rest.length)} more classes</summary>${table(rest, 'The other classes')}</details>`}
${left > 0 && html`<p class="soft small">${count(left)} more classes are in student.json.</p>`}
<p class="soft small">Recall: how many images of the class are recognised. Precision: how many answers of this class are right. Few tested images make wide intervals: a class with 5 of 5 correct may still be recognised only half of the time.</p>
</section>`;
}

const number = (n: number, kind = ''): Html =>
  html`<td class="number ${kind}" data-value="${n}">${count(n)}</td>`;

/** How far the classes differ, and whether that can be told at all. */
function finding(
  tested: readonly { n: number; correct: number; recall: number; name: string }[],
): Html {
  const perfect = tested.filter(({ n, correct }) => n === correct).length;
  const few = tested.filter(({ n }) => n < 10).length;
  const worst = [...tested].sort((a, b) => a.recall - b.recall || b.n - a.n)[0];
  const all =
    perfect === tested.length
      ? html`Every tested image of every class was recognised.`
      : html`Of ${count(tested.length)} classes, ${perfect === 0 ? 'none' : count(perfect)} ${perfect < 2 ? 'was' : 'were'} recognised without a mistake; the weakest is “${name(worst?.name ?? '')}”, at ${percent(worst?.recall ?? 0)}.`;
  return few === 0
    ? all
    : html`${all} ${few === tested.length ? 'Each' : count(few)} of them ${few === 1 || few === tested.length ? 'was' : 'were'} tested on fewer than 10 images, so single rows say little.`;
}
