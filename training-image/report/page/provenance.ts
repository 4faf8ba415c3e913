import { Recipe } from '#core/recipe.ts';
import type { ReportData } from '../report-data.ts';
import { type Html, html, name, trusted } from './html.ts';
import { quoted } from './opening.ts';

/** Where the student comes from, and how to make it again. */
export function provenanceSection({ card, recipe }: ReportData): Html {
  const { teacher, data, environment } = card;
  const changed = changedFields(recipe);
  const facts: [string, string | Html][] = [
    ['Job', card.jobId],
    ['Dataset', name(data.dataset)],
    ['Its manifest', html`sha256 ${data.manifestSha256}`],
    ['All bytes read', html`sha256 ${data.contentSha256}`],
    ['Teacher', html`${teacher.name} (${teacher.licence}), sha256 ${teacher.modelSha256}`],
    ['Seed', String(recipe.seed)],
    [
      'Software',
      `Understudy ${environment.understudy}, TensorFlow ${environment.tensorflow}, Node ${environment.node}`,
    ],
    [
      'Device',
      environment.instanceType
        ? `${environment.device}, on ${environment.instanceType}`
        : environment.device,
    ],
    ['Images', `${card.input.channels}, ${card.input.range}; ${card.input.resize}`],
  ];
  return html`<section id="provenance">
<h2>Where it comes from</h2>
<p class="lead">With the same files, recipe, teacher and software, the training gives the same student on the same kind of device.</p>
<pre>npx understudy train FOLDER --name ${quoted(card.student)}${changed !== '' && ' --recipe recipe.json'}</pre>
${changed !== '' && html`<p class="small">where recipe.json is</p><pre>${lines(changed)}</pre>`}
<dl class="facts">${facts.map(([what, value]) => html`<dt>${what}</dt><dd>${value}</dd>`)}</dl>
</section>`;
}

const lines = (text: string): Html[] => text.split('\n').map((line) => html`${line}${NEWLINE}`);

const NEWLINE = trusted('\n'); // within a text it would be shown as what it is

/** The recipe as JSON, without what is as it would be anyway; empty if that leaves nothing. */
export function changedFields(recipe: Recipe): string {
  const usual: Record<string, unknown> = Recipe.parse({});
  const changed = Object.entries(recipe).filter(
    ([field, value]) => field !== 'again' && JSON.stringify(value) !== JSON.stringify(usual[field]),
  );
  return changed.length === 0 ? '' : JSON.stringify(Object.fromEntries(changed), null, 2);
}
