import { writeFile } from 'node:fs/promises';
import { FREEZE_THRESHOLDS } from '#core/freeze-policy.ts';
import { table } from '../table.ts';
import type { Line, MeasuredCell } from './cells.ts';
import { DATASETS } from './datasets.ts';
import type { PerClass } from './draw.ts';
import { type Panel, plot } from './plot.ts';
import { type Policy, policies, policy } from './policy.ts';
import {
  always,
  FIXED,
  fitStrategy,
  groupBy,
  type Judged,
  judgeAll,
  leaveOneSourceOut,
  meanOf,
  oracle,
  type Situation,
  type Strategy,
  situationsOf,
  summarise,
} from './regret.ts';

const ORDER: PerClass[] = [5, 10, 20, 50, 100, 'all'];

/** Writes the report on all measured cells, however few: `REPORT.md` and the plot, `accuracy.svg`. */
export async function writeReport(
  lines: readonly Line[],
  say: (line: string) => void,
  folder: URL = new URL('.', import.meta.url),
): Promise<void> {
  const cells = lines.filter((line) => !('error' in line)) as MeasuredCell[];
  if (cells.length === 0) return;
  const situations = situationsOf(cells).sort(
    (a, b) =>
      rank(a.dataset) - rank(b.dataset) || ORDER.indexOf(a.perClass) - ORDER.indexOf(b.perClass),
  );
  const failed = lines.length - cells.length;
  const parts = [
    opening(cells, failed),
    datasetTable(cells),
    ...(situations.length > 0 ? [regretTable(situations), accuracyTable(situations)] : []),
  ];
  await writeFile(new URL('REPORT.md', folder), parts.join('\n'));
  const heading = {
    title: 'Test accuracy (%) over what was trained',
    subtitle:
      'last: a head on the last features. 0: a head on features of every depth. 2, 4, 7: that head and as many of the seven blocks. Lines: images per class; dots: draws.',
  };
  await writeFile(
    new URL('accuracy.svg', folder),
    plot(panelsOf(cells), ['last', '0', '2', '4', '7'], heading),
  );
  say(`${cells.length} cells (${failed} failed), ${situations.length} situations: REPORT.md`);
}

function opening(cells: readonly MeasuredCell[], failed: number): string {
  const pxs = [...new Set(cells.map(({ px }) => px))].join(', ');
  const versions = [...new Set(cells.map((each) => each.versions.commit))].join(', ');
  return `# How much of the teacher to retrain: the calibration

\`npm run calibrate\` wrote this page from \`cells.jsonl\`: ${cells.length} students of EfficientNet-Lite0 at ${pxs} px, each tested on images that
were held out before any were drawn for training${failed > 0 ? `; further trainings that failed: ${failed}` : ''}. Commits: ${versions}.

- \`last-features\` is a head on the last features alone, \`head-only\` one on the features that the plan chooses; \`blocks:2\`, \`blocks:4\` and
  \`full\` fine-tune from the latter. All learn from all images that were drawn, with the trainer's own steps, and nothing is compared on
  held-out images: the figures show what each regime is worth by itself.
- \`auto\` is a whole job: it measures, decides, compares its fine-tuned student with the head, and ships one of them.
- CPU-seconds are of the whole training on one thread, without the start of the process.

![accuracy over what was trained](accuracy.svg)
`;
}

function datasetTable(cells: readonly MeasuredCell[]): string {
  const rows = DATASETS.map(({ name, source, about }) => {
    const own = cells.filter(({ dataset }) => dataset === name);
    const [first] = own;
    return [
      name,
      source,
      about,
      first ? String(first.classes) : '',
      first ? String(first.tested) : '',
      String(own.length),
    ];
  });
  return `## Datasets

${table(['dataset', 'source', 'images', 'classes', 'tested on', 'students'], rows)}`;
}

/** The fixed regimes and the policy; the policy also with thresholds that were fitted on other sources only. */
function regretTable(situations: readonly Situation[]): string {
  const candidates = policies();
  const rows: string[][] = [];
  const add = (name: string, judged: readonly Judged[]) => {
    if (judged.length === 0) return;
    const { meanRegret, meanOverSources, worst, cpuSeconds } = summarise(judged);
    const where = worst ? `${worst.situation.dataset}, ${worst.situation.perClass}` : '';
    rows.push([
      name,
      String(judged.length),
      points(meanRegret),
      points(meanOverSources),
      `${points(worst?.regret ?? 0)} (${where})`,
      cpuSeconds.toFixed(0),
    ]);
  };
  const rule = (strategy: Strategy) => add(strategy.name, judgeAll(strategy, situations));

  rule({ name: 'oracle', choose: (_, situation) => oracle(situation) });
  rule({ ...always('auto'), name: 'auto, as trained' });
  const own = policy(FREEZE_THRESHOLDS, 'policy with its present thresholds');
  rule(own);
  const decidable = situations.filter((each) => judgeAll(own, [each]).length > 0);
  const sources = new Set(decidable.map(({ source }) => source));
  let thresholds = `From ${sources.size} of the ${new Set(DATASETS.map(({ source }) => source)).size} sources: too few to fit thresholds, which takes ${MIN_SOURCES}.\n`;
  if (sources.size >= MIN_SOURCES) {
    const { judged, fitted } = leaveOneSourceOut(candidates, decidable);
    add('policy, fitted on the other sources', judged);
    const everywhere = fitStrategy(candidates, decidable);
    add('policy, fitted on all (optimistic)', judgeAll(everywhere, decidable));
    thresholds = thresholdTable(fitted, everywhere);
  }
  for (const regime of FIXED) rule(always(regime));

  return `## Regret

By how many points of accuracy a strategy is worse than the oracle, which knows the test accuracies and takes the regime with
the best mean over the draws. A situation is a dataset with a number of images per class. The oracle profits from noise: with
1,000 test images and one draw, about one point of each regret is due to chance.

${table(['strategy', 'situations', 'mean', 'mean over sources', 'worst', 'CPU s'], rows)}
${thresholds}`;
}

const MIN_SOURCES = 6; // chosen: thresholds that were fitted to fewer say more about these than about others

function thresholdTable(fitted: ReadonlyMap<string, Policy>, everywhere: Policy): string {
  const keys = Object.keys(FREEZE_THRESHOLDS) as (keyof typeof FREEZE_THRESHOLDS)[];
  const row = (name: string, thresholds: Policy['thresholds']) => [
    name,
    ...keys.map((key) => String(thresholds[key])),
  ];
  const rows = [
    row('present', FREEZE_THRESHOLDS),
    row('all sources', everywhere.thresholds),
    ...[...fitted].map(([source, { thresholds }]) => row(`without ${source}`, thresholds)),
  ];
  return `Thresholds with the smallest mean regret over the sources:

${table(['fitted on', ...keys], rows)}`;
}

function accuracyTable(situations: readonly Situation[]): string {
  const rows = situations.map((situation) => {
    const { dataset, perClass, trials, regimes } = situation;
    const best = oracle(situation);
    const figures = [...FIXED, 'auto' as const].map((regime) => {
      if (!regimes.includes(regime)) return '';
      const figure = points(meanOf(situation, regime));
      return regime === best ? `**${figure}**` : figure;
    });
    return [dataset, String(perClass), String(trials.length), ...figures];
  });
  return `## Accuracy

Mean over the draws, in percent; the best fixed regime in bold.

${table(['dataset', 'per class', 'draws', ...FIXED, 'auto'], rows)}`;
}

function panelsOf(cells: readonly MeasuredCell[]): Panel[] {
  return DATASETS.flatMap(({ name, source }) => {
    const own = cells.filter(({ dataset }) => dataset === name);
    const [first] = own;
    if (!first) return [];
    const lines = ORDER.filter((size) => own.some(({ perClass }) => perClass === size)).map(
      (perClass) => {
        const byRegime = groupBy(
          own.filter((cell) => cell.perClass === perClass),
          ({ regime }) => regime,
        );
        const points = FIXED.map((regime) => {
          const each = byRegime.get(regime)?.map(({ accuracy }) => accuracy);
          return each && { mean: each.reduce((sum, value) => sum + value, 0) / each.length, each };
        });
        return { perClass, points };
      },
    );
    const subtitle = `${first.classes} classes, ${first.tested} tested; source: ${source}`;
    return [{ title: name, subtitle, lines }];
  });
}

const rank = (dataset: string): number => DATASETS.findIndex(({ name }) => name === dataset);

const points = (fraction: number): string => (100 * fraction).toFixed(1);
