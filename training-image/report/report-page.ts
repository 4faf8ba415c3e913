import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { profile } from '#core/plan-in-words.ts';
import { accuracySection } from './page/accuracy.ts';
import { type CertaintyPlots, certaintySection } from './page/certainty.ts';
import { classesSection } from './page/classes.ts';
import { confusionSection } from './page/confusion.ts';
import { datasetSection } from './page/dataset.ts';
import { html, trusted } from './page/html.ts';
import { limitsSection } from './page/limits.ts';
import { type MakingPlots, makingSection } from './page/making.ts';
import { mistakesSection } from './page/mistakes.ts';
import { opening } from './page/opening.ts';
import { provenanceSection } from './page/provenance.ts';
import type { ReportData } from './report-data.ts';

const fileOf = (name: string) => readFile(new URL(`page/${name}`, import.meta.url), 'utf8');

/**
 * The report on a student: a page in one file, which asks for nothing from outside and can be read without its script.
 *
 * @returns HTML
 */
export async function reportPage(data: ReportData): Promise<string> {
  const style = await fileOf('page.css');
  const script = await fileOf('sort-tables.js');
  const policy = `default-src 'none'; img-src data:; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`;
  const plots = await drawPlots(data);
  const { card, findings } = data;
  const isTested = card.metrics.test.n > 0;
  const links: [string, string][] = [
    ...(isTested
      ? ([
          ['accuracy', 'Accuracy'],
          ['classes', 'Classes'],
          ['confusion', 'Confusion'],
          ['mistakes', 'Mistakes'],
          ['certainty', 'Certainty'],
        ] as [string, string][])
      : []),
    ['dataset', 'Your images'],
    ['making', 'How it was made'],
    ['provenance', 'Provenance'],
    ['limits', 'Limits'],
  ];
  const { missing } = findings;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${card.student}: report on the student</title>
<style>${trusted(style)}</style>
</head>
<body>
${opening(data)}
<nav aria-label="Sections">${links.map(([id, text]) => html`<a href="#${id}">${text}</a> `)}</nav>
<main>
${accuracySection(data)}
${classesSection(data)}
${confusionSection(data)}
${mistakesSection(data)}
${plots.certainty && certaintySection(data, plots.certainty)}
${datasetSection(data)}
${makingSection(data, plots.making)}
${provenanceSection(data)}
${limitsSection(data)}
</main>
<footer><p>Written by Understudy ${card.environment.understudy} at the end of the training. This page shows small copies of some of your images: mind who you send it to.${missing > 0 && ` ${missing === 1 ? 'One image is' : `${missing} images are`} not shown: gone, or left out to keep the page small.`} Everything in numbers: student.json.</p></footer>
<script>${trusted(script)}</script>
</body>
</html>
`.text;
}

const hashOf = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`;

async function drawPlots({
  card,
  findings,
}: ReportData): Promise<{ certainty: CertaintyPlots | undefined; making: MakingPlots }> {
  // Imported only here: Vega takes half a second to load.
  const { coveragePlot, reliabilityPlot } = await import('./plots/certainty-plots.ts');
  const { accuracyCurvePlot, lossCurvePlot, similarityPlot } = await import(
    './plots/making-plots.ts'
  );
  const { plan, fineTuning, metrics } = card;
  const curve = fineTuning?.curve ?? [];
  const isWatched = curve.some(({ validation }) => validation);
  return {
    certainty:
      metrics.test.n === 0
        ? undefined
        : {
            coverage: await coveragePlot(findings.coverage),
            reliability: await reliabilityPlot(findings.reliability),
          },
    making: {
      similarity: plan && (await similarityPlot(plan, profile({ ...card, plan }).peak)),
      accuracyCurve:
        curve.length > 1 && isWatched
          ? await accuracyCurvePlot(
              curve,
              metrics.test.method === 'hold-out' ? metrics.validation.headOnly.accuracy : undefined,
            )
          : undefined,
      lossCurve: curve.length > 1 ? await lossCurvePlot(curve) : undefined,
    },
  };
}
