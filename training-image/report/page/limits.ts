import { count } from '#core/quantities.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html } from './html.ts';

/** What must not be concluded from the figures. */
export function limitsSection({ card }: ReportData): Html {
  const { classes, metrics } = card;
  const few = metrics.perClass.filter(({ n }) => n < 10).length;
  const limits = [
    `It knows ${count(classes.length)} classes and nothing else: an image of anything else gets one of these names too, and sometimes with confidence.`,
    'The figures hold for images like these. Another camera, other light or another way of taking the images was not tested, and may cost accuracy; keep some images of the place where it will be used, and test it on them.',
    few > 0 &&
      `${few === classes.length ? 'Each class was' : few === 1 ? 'One class was' : `${count(few)} classes were`} tested on fewer than 10 images: what is said of ${few === 1 ? 'it' : 'them'} may be chance.`,
    'How it bears noise, blur or images that were made to mislead it was not measured.',
    'It has the faults of its labels and of its teacher: what most images of a class have in common, such as their background, it may take for the class.',
  ];
  return html`<section id="limits">
<h2>What it cannot do</h2>
<ul>${limits.map((limit) => limit && html`<li>${limit}</li>`)}</ul>
</section>`;
}
