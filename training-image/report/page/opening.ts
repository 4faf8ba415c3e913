import { dollarsFor } from '#core/cost.ts';
import { meaningOfFigures } from '#core/judged-in-words.ts';
import { count, duration, percent } from '#core/quantities.ts';
import { verdictOn } from '#core/verdict.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html, name, prose } from './html.ts';
import { interval } from './numbers.ts';

/** The verdict, what to do next, and the figures that people look for. */
export function opening(data: ReportData): Html {
  const { card } = data;
  const { claim, evidence, details, advice } = verdictOn(card);
  const sentences = details.filter((each) => each !== advice);
  const meaning = meaningOfFigures(card);
  return html`<header>
<p class="kicker"><strong>${name(card.student)}</strong> · report on version ${card.version} · ${day(card.createdAt)}</p>
<h1>${claim}</h1>
${evidence && html`<p class="evidence">${upperFirst(evidence)}.</p>`}
<div class="verdict">${sentences.map((each) => html`<p>${prose(each)}</p>`)}${meaning && html`<p class="soft">${meaning}</p>`}</div>
${nextSteps(data, advice)}
${figures(data)}
</header>`;
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const day = (iso: string): string =>
  new Date(iso).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

function nextSteps({ card, findings }: ReportData, advice: string): Html {
  const { suspects, copies } = findings;
  const steps = [
    suspects.count > 0 &&
      html`<a href="#labels">${suspects.count === 1 ? 'One label may be wrong' : `${count(suspects.count)} labels may be wrong`}</a>: look at ${suspects.count === 1 ? 'it' : 'them'} first, because wrong labels cost accuracy and make the test unfair.`,
    copies.conflicts > 0 &&
      html`<a href="#copies">${copies.conflicts === 1 ? 'One image is' : `${count(copies.conflicts)} images are`} in more than one class</a>: decide where ${copies.conflicts === 1 ? 'it belongs' : 'they belong'}.`,
    advice !== '' && prose(advice),
    html`Try it on images of your own: <code>npx understudy predict ${quoted(card.student)} IMAGE…</code>`,
  ];
  return html`<aside class="next" aria-labelledby="next"><h2 id="next">What to do next</h2><ul>${steps.map((step) => step && html`<li>${step}</li>`)}</ul></aside>`;
}

/** Quotes a name for the shell where needed. */
export const quoted = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function figures({ card }: ReportData): Html {
  const { metrics, classes, data, timings, environment, input } = card;
  const { test, majorityBaseline } = metrics;
  const all = data.perClass.reduce(
    (sum, each) => sum + each.train + each.validation + each.test,
    0,
  );
  const seconds = Object.values(timings).reduce((sum, each) => sum + each, 0);
  const dollars = environment.instanceType && dollarsFor(environment.instanceType, seconds);
  const parameters = card.freezePlan.frozenParameters + card.freezePlan.trainedParameters;
  const shown: [string, string, string][] = [
    ...(test.n === 0
      ? []
      : ([
          ['Accuracy', percent(test.accuracy), `95% interval ${interval(test.interval95)}`],
          ['Always the same answer', percent(majorityBaseline), 'the majority baseline'],
        ] as [string, string, string][])),
    ['Images', count(all), `in ${count(classes.length)} classes`],
    [
      'Student',
      `${(parameters / 1e6).toFixed(1)} million`,
      `parameters, ${input.px} × ${input.px} pixels`,
    ],
    [
      'Trained in',
      duration(seconds),
      dollars === undefined || dollars === ''
        ? shortDevice(environment.device)
        : `about $${dollars.toFixed(2)} on ${environment.instanceType}`,
    ],
  ];
  return html`<dl class="figures">${shown.map(([what, value, more]) => html`<div><dt>${what}</dt><dd>${value} <small>${more}</small></dd></div>`)}</dl>`;
}

const shortDevice = (device: string): string =>
  device.startsWith('CPU') ? 'on a CPU' : 'on a GPU';
