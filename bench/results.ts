import { writeFile } from 'node:fs/promises';
import { type Bundle, loadMsOf } from './bundles.ts';
import { cifarTable } from './cifar-table.ts';
import type { Compared, Judged, Row } from './compare.ts';
import { digitsTable } from './digits-table.ts';
import { describeCircumstances, gigabytes } from './machine.ts';
import { median } from './median.ts';
import type { MemoryUse } from './memory.ts';
import type { Profile } from './profile.ts';
import { type BenchRecord, type Recorded, readRecord } from './record.ts';
import type { Stall } from './stall.ts';
import { startUpTable } from './start-up-table.ts';
import { percent, table, verdict } from './table.ts';

const FILE = new URL('RESULTS.md', import.meta.url);

/** Writes the latest measurements as tables, each next to its goal. */
export async function writeResults(): Promise<void> {
  await writeFile(FILE, page(await readRecord()));
}

const OPENING = `# How Understudy compares

Every figure here was measured by \`npm run bench\`, which also wrote this page, or by the command that its section names;
\`results.jsonl\` has every round. To repeat the measurements (Linux on x64, Python 3.11 to 3.13 with pip, 8 GB of disk, most of
it for PyTorch):

\`\`\`
npm ci
npm run bench                                    # everything: an hour on two free cores
npm run bench -- --without=torch                 # saves 6 GB of packages
npm run bench -- --only=step --rounds=5          # one section; the others keep their results
\`\`\`

- All contenders run the same network (EfficientNet-Lite0, float32) with the same weights. Their logits on 16 images must agree
  to 1e-3 before anything is timed, and later so must the losses of their first steps; otherwise the benchmark stops.
- One thread each. Time is the CPU-seconds (user and system) of the contender's process, so other processes have little effect.
- The contenders take turns, a fresh process each. A ratio is the median of the ratios within each round.
- Images are decoded and in memory: as float32 for Keras, PyTorch and tfjs-layers, as uint8, as they are on disk, for us and
  onnxruntime. Training steps use Adam without weight decay or clipping.
- In training steps, BatchNorms use their moving averages, which stay frozen; tfjs-layers can only train with the statistics of
  the batch.
`;

function page(record: BenchRecord): string {
  const { features, step, host, profile, stall, memory, bundles, startUp, students } = record;
  const parts = [
    OPENING,
    features && comparison(features),
    step && comparison(step),
    profile && kernels(profile),
    host && comparison(host),
    stall && stalls(stall),
    memory && memoryUse(memory),
    bundles && bundleTable(bundles),
    startUp && startUpTable(startUp),
    students && cifarTable(students),
    students && digitsTable(students),
  ];
  return parts.filter(Boolean).join('\n');
}

function comparison(recorded: Recorded<Compared>): string {
  const { title, unit, rows, bars, versions } = recorded.result;
  const speed = (row: Row) => [
    row.label,
    median(row.speeds).toFixed(1),
    row.range.map((each) => each.toFixed(1)).join('–'),
    gigabytes(row.peakBytes),
  ];
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `## ${title}\n`,
    table(['', `${unit} per CPU-second`, 'lowest–highest', 'peak memory'], rows.map(speed)),
    table(['ratio', 'measured', 'lowest–highest', 'wanted', ''], bars.map(judged)),
    `${describeCircumstances(recorded)} Rounds: ${rows[0]?.speeds.length}; ${named.join(', ')}; logits within ${recorded.largestDifference.toExponential(1)}.\n`,
  ].join('\n');
}

const judged = ({ what, ratio, range, least }: Judged): string[] => [
  what,
  ratio.toFixed(2),
  range.map((each) => each.toFixed(2)).join('–'),
  `≥ ${least}`,
  verdict(ratio >= least),
];

function kernels(recorded: Recorded<Profile>): string {
  const { milliseconds, kernels } = recorded.result;
  const rows = kernels.map((kernel) => [
    `\`${kernel.name}\``,
    String(kernel.calls),
    kernel.milliseconds.toFixed(0),
    percent(kernel.milliseconds / milliseconds),
  ]);
  return [
    '## Where the time of a step goes\n',
    'The kernels of one of our steps in TensorFlow’s timeline, 32 images of 224 px on one thread. The timeline measures wall-clock',
    'time, so on a busy machine only the shares are meaningful. A leading underscore marks a kernel that TensorFlow rewrote.\n',
    `${milliseconds.toFixed(0)} ms in all kernels. ${boundBy(milliseconds, kernels)}\n`,
    table(['kernel', 'calls', 'ms', 'share'], rows),
    `${describeCircumstances(recorded)}\n`,
  ].join('\n');
}

/** Kernels by kind. */
const KINDS: Record<string, RegExp> = {
  'convolutions and the bias and ReLU6 fused with them': /^_?(Mkl)?(Native)?(Fused)?Conv2D/,
  'depthwise convolutions': /Depthwise/,
  'gradients of ReLU6 and biases': /^(Relu6Grad|BiasAddGrad)$/,
};

function boundBy(milliseconds: number, kernels: Profile['kernels']): string {
  const shares = Object.entries(KINDS).map(([kind, pattern]) => {
    const own = kernels.filter(({ name }) => pattern.test(name));
    const sum = own.reduce((total, each) => total + each.milliseconds, 0);
    return `${percent(sum / milliseconds)} ${kind}`;
  });
  return `The time goes to ${shares.join(', ')}.`;
}

function stalls(recorded: Recorded<Stall[]>): string {
  const images = recorded.result[0]?.images;
  const rows = recorded.result.map(({ regime, longestMs, mostMs, wallSeconds }) => {
    const reached = verdict(longestMs <= mostMs);
    return [regime, wallSeconds.toFixed(0), longestMs.toFixed(0), `≤ ${mostMs}`, reached];
  });
  return [
    '## How long the trainer’s main thread is unresponsive\n',
    `The longest time during a whole training on ${images} digits of MNIST.\n`,
    table(['regime', 'seconds', 'longest, ms', 'wanted', ''], rows),
    `${describeCircumstances(recorded)}\n`,
  ].join('\n');
}

function memoryUse(recorded: Recorded<MemoryUse>): string {
  const { px, few, many, mostRatio } = recorded.result;
  const ratio = many.peakBytes / few.peakBytes;
  const rows = [few, many].map(({ images, peakBytes, seconds }) => {
    const memory = `${(peakBytes / 1e6).toFixed(0)} MB`;
    return [String(images), memory, seconds.toFixed(0)];
  });
  return [
    '## Memory and the number of images\n',
    `The trainer’s process over one whole training of the head, images of ${px} px, out of a zip.\n`,
    table(['images', 'peak memory', 'seconds'], rows),
    table(
      ['ratio', 'wanted', ''],
      [[ratio.toFixed(2), `≤ ${mostRatio}`, verdict(ratio <= mostRatio)]],
    ),
    `${describeCircumstances(recorded)}\n`,
  ].join('\n');
}

function bundleTable(recorded: Recorded<Bundle[]>): string {
  const rows = recorded.result.map((bundle) => [
    bundle.stage,
    `${(bundle.bytes / 1e3).toFixed(0)} kB`,
    `≤ ${bundle.mostBytes / 1e3} kB`,
    verdict(bundle.bytes <= bundle.mostBytes),
    `${loadMsOf(bundle).toFixed(0)} ms (${Math.min(...bundle.loadMs).toFixed(0)}–${Math.max(...bundle.loadMs).toFixed(0)})`,
    `≤ ${bundle.mostLoadMs} ms`,
    verdict(loadMsOf(bundle) <= bundle.mostLoadMs),
  ]);
  return [
    '## The Lambda bundles, as the stack deploys them\n',
    table(['stage', 'size', 'wanted', '', 'load in a fresh process, CPU time', 'wanted', ''], rows),
    `${describeCircumstances(recorded)}\n`,
  ].join('\n');
}
