import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Draws docs/images/pipeline.svg, the path of a dataset: `npm run images`.

const WIDTH = 1120;
const HEIGHT = 400;
const BOX = { width: 148, height: 66 };
const TOP = 130; // of the row of stages
const FONT = "font-family='system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'";

const COLORS = {
  ink: '#1f2937',
  soft: '#6b7280',
  line: '#9ca3af',
  lambda: { fill: '#fff7ed', stroke: '#ea580c' },
  training: { fill: '#eef2ff', stroke: '#4f46e5' },
  storage: { fill: '#ecfdf5', stroke: '#059669' },
  notice: { fill: '#fdf2f8', stroke: '#db2777' },
} as const;

type Kind = 'lambda' | 'training' | 'storage' | 'notice';

interface Stage {
  title: string;
  subtitle: string;
  kind: Kind;
}

const STAGES: readonly Stage[] = [
  { title: 'your dataset', subtitle: 'datasets/<name>.zip', kind: 'storage' },
  { title: 'validate-dataset', subtitle: 'Lambda', kind: 'lambda' },
  { title: 'launch-training', subtitle: 'Lambda', kind: 'lambda' },
  { title: 'training job', subtitle: 'SageMaker, GPU', kind: 'training' },
  { title: 'publish-student', subtitle: 'Lambda', kind: 'lambda' },
  { title: 'announce-job', subtitle: 'Lambda', kind: 'lambda' },
];

/** What starts each stage, written on the arrow that leads to it. */
const TRIGGERS = ['S3 event', 'table stream', 'creates', 'state change', 'table stream'];

const gap = (WIDTH - 40 - STAGES.length * BOX.width) / (STAGES.length - 1);
const leftOf = (index: number): number => 20 + index * (BOX.width + gap);
const middleOf = (index: number): number => leftOf(index) + BOX.width / 2;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function text(x: number, y: number, content: string, size: number, more = ''): string {
  return `<text x='${x}' y='${y}' font-size='${size}' text-anchor='middle' ${FONT} ${more}>${escaped(content)}</text>`;
}

function box(x: number, y: number, width: number, height: number, kind: Kind): string {
  const { fill, stroke } = COLORS[kind];
  return `<rect x='${x}' y='${y}' width='${width}' height='${height}' rx='10' fill='${fill}' stroke='${stroke}' stroke-width='1.6'/>`;
}

const arrow = (path: string, dashed = false): string =>
  `<path d='${path}' fill='none' stroke='${COLORS.line}' stroke-width='1.8' marker-end='url(#head)' ${dashed ? "stroke-dasharray='5 4'" : ''}/>`;

function stage({ title, subtitle, kind }: Stage, index: number): string {
  const x = leftOf(index);
  return [
    box(x, TOP, BOX.width, BOX.height, kind),
    text(middleOf(index), TOP + 29, title, 15, `font-weight='600' fill='${COLORS.ink}'`),
    text(middleOf(index), TOP + 50, subtitle, 12, `fill='${COLORS.soft}'`),
  ].join('');
}

function connection(trigger: string, index: number): string {
  const from = leftOf(index) + BOX.width;
  const to = leftOf(index + 1);
  const middle = (from + to) / 2;
  const y = TOP + BOX.height / 2;
  return [
    arrow(`M ${from + 3} ${y} H ${to - 5}`),
    text(middle, TOP - 10, trigger, 11, `fill='${COLORS.soft}'`),
  ].join('');
}

/** The job table below the stages: every stage reads and writes the one row of the job. */
function jobTable(): string {
  const [x, y, width] = [leftOf(1), TOP + 132, leftOf(5) + BOX.width - leftOf(1)];
  const links = [1, 2, 4, 5].map((index) => {
    const middle = middleOf(index);
    return `<path d='M ${middle} ${TOP + BOX.height + 4} V ${y - 4}' stroke='${COLORS.line}' stroke-width='1.4' marker-start='url(#head)' marker-end='url(#head)'/>`;
  });
  return [
    box(x, y, width, 52, 'storage'),
    text(
      x + width / 2,
      y + 23,
      'job table: one row per job, changed by one reducer',
      15,
      `font-weight='600' fill='${COLORS.ink}'`,
    ),
    text(
      x + width / 2,
      y + 41,
      'received → validated → launching → training → trained → published',
      12,
      `fill='${COLORS.soft}'`,
    ),
    ...links,
  ].join('');
}

/** Every five minutes, whatever the events did. */
function sweeper(): string {
  const y = TOP + 214;
  const x = middleOf(3) - 1.15 * BOX.width;
  return [
    box(x, y, 2.3 * BOX.width, 40, 'lambda'),
    text(
      middleOf(3),
      y + 25,
      'sweep-jobs: every 5 min, catches lost events',
      13,
      `fill='${COLORS.ink}'`,
    ),
    arrow(`M ${middleOf(3)} ${y - 2} V ${TOP + 189}`),
  ].join('');
}

/** What leaves the pipeline: the student in the bucket, the notice on the bus. */
function results(): string {
  const y = 22;
  const student = middleOf(4) - BOX.width / 2;
  const notice = middleOf(5) - BOX.width / 2;
  return [
    box(student, y, BOX.width, 46, 'storage'),
    text(middleOf(4), y + 20, 'student + report', 13, `font-weight='600' fill='${COLORS.ink}'`),
    text(middleOf(4), y + 37, 'students/<name>/…', 11, `fill='${COLORS.soft}'`),
    arrow(`M ${middleOf(4)} ${TOP - 4} V ${y + 51}`),
    box(notice, y, BOX.width, 46, 'notice'),
    text(middleOf(5), y + 20, 'announcement', 13, `font-weight='600' fill='${COLORS.ink}'`),
    text(middleOf(5), y + 37, 'EventBridge, SNS, mail', 11, `fill='${COLORS.soft}'`),
    arrow(`M ${middleOf(5)} ${TOP - 4} V ${y + 51}`),
  ].join('');
}

export function pipelineSvg(): string {
  const head = `<marker id='head' viewBox='0 0 10 10' refX='8' refY='5' markerWidth='7' markerHeight='7' orient='auto-start-reverse'><path d='M 0 0 L 10 5 L 0 10 z' fill='${COLORS.line}'/></marker>`;
  const parts = [
    ...TRIGGERS.map(connection),
    ...STAGES.map(stage),
    jobTable(),
    sweeper(),
    results(),
  ];
  return [
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${WIDTH} ${HEIGHT}' width='${WIDTH}' height='${HEIGHT}' role='img' aria-label='The path of a dataset through the pipeline'>`,
    `<defs>${head}</defs>`,
    `<rect width='${WIDTH}' height='${HEIGHT}' rx='12' fill='#ffffff'/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url);
if (isMain) writeFileSync(new URL('./pipeline.svg', import.meta.url), pipelineSvg());
