import type { StudentRun } from './record.ts';
import { accuracies, accuracyOf, commitsOf, cpuSeconds, cpuSecondsOf } from './several-runs.ts';
import { percent, table, verdict } from './table.ts';

const WANTED = 0.98;
const MAX_TIME = 0.5; // of the CPU-seconds before

const NAMES: Record<StudentRun['by'], string> = {
  keras: 'scikit-learn: logistic regression on the teacher’s last features of all images, 224 px',
  'ours before': 'Understudy, before',
  ours: 'Understudy',
};
const ORDER = ['keras', 'ours before', 'ours'] as const;

/** Students of the demo's digits, tested on other digits. */
export function digitsTable(all: readonly StudentRun[]): string {
  const runs = all.filter(({ set }) => set === 'digits');
  const [first] = runs;
  if (!first) return '';
  const runsOf = (by: StudentRun['by']) => runs.filter((run) => run.by === by);
  const before = cpuSecondsOf(runsOf('ours before'));
  const rows = ORDER.filter((by) => runsOf(by).length > 0).map((by) => {
    const own = runsOf(by);
    const isJudged = by === 'ours';
    const cells = [NAMES[by], accuracies(own)];
    cells.push(...(isJudged ? atLeast(accuracyOf(own)) : ['', '']), cpuSeconds(own));
    cells.push(...(isJudged ? atMost(cpuSecondsOf(own), before) : ['', '']), commitsOf(own));
    return cells;
  });
  return [
    '## How accurate students are: the demo’s digits\n',
    `By \`npx tsx bench/digits.ts\`: ${first.images} digits of MNIST to learn from, as in \`npm run demo\`, and ${first.test} others as a test. Understudy`,
    'holds out 10% of its images for validation and 10% for its own test. CPU-seconds are those of the whole training process.\n',
    table(['', 'accuracy', 'wanted', '', 'CPU-seconds', 'wanted', '', 'commit'], rows),
  ].join('\n');
}

const atLeast = (accuracy = 0): string[] => [
  `≥ ${percent(WANTED, 1)}`,
  verdict(accuracy >= WANTED),
];

function atMost(seconds: number | undefined, before: number | undefined): string[] {
  if (seconds === undefined || before === undefined) return ['', ''];
  return [`≤ ${(MAX_TIME * before).toFixed(0)}`, verdict(seconds <= MAX_TIME * before)];
}
