import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { lastLines, run } from '#engine/tensorflow/run-command.ts';
import { BenchError } from './bench-error.ts';
import { median } from './median.ts';

export interface Bundle {
  stage: string;
  bytes: number;
  mostBytes: number;
  loadMs: number[]; // each in a process of its own
  mostLoadMs: number;
}

const MAX_BYTES: Record<string, number> = { 'validate-dataset': 700e3, 'launch-training': 1e6 };
const MAX_LOAD_MS = 100;
const LOADS = 9;

/** What the handlers' modules ask of their environment while they load; any words will do, nothing is called. */
const VARIABLES = {
  BUCKET: 'bench',
  JOB_TABLE: 'bench',
  TRAINING_IMAGE: 'bench',
  TRAINING_ROLE: 'arn:aws:iam::123456789012:role/bench',
  SPOT: 'true',
  INSTANCE_TYPES: 'ml.g4dn.xlarge',
  MAX_CONCURRENT_JOBS: '1',
  AWS_REGION: 'eu-west-1',
};

/** The bundles as the stack deploys them: how large they are, and how long they take to load. */
export async function measureBundles(): Promise<Bundle[]> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
  try {
    const app = fileURLToPath(new URL('../infra/app.ts', import.meta.url));
    const synthesis = await run(process.execPath, ['--import', 'tsx', app], {
      ...process.env,
      CDK_OUTDIR: folder,
    });
    if (!synthesis.ok) {
      throw new BenchError(`The stack could not be made:\n${lastLines(synthesis.output, 8)}`);
    }
    const bundles: Bundle[] = [];
    for (const [stage, mostBytes] of Object.entries(MAX_BYTES)) {
      const file = join(folder, await assetOf(folder, stage), 'index.mjs');
      const { size } = await stat(file);
      const loadMs: number[] = [];
      for (let i = 0; i < LOADS; i++) loadMs.push(await loadOnce(file));
      bundles.push({ stage, bytes: size, mostBytes, loadMs, mostLoadMs: MAX_LOAD_MS });
    }
    return bundles;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Template {
  Resources: Record<string, { Type: string; Properties?: { Code?: { S3Key?: string } } }>;
}

async function assetOf(folder: string, stage: string): Promise<string> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.template.json'));
  const template = JSON.parse(await readFile(join(folder, file ?? ''), 'utf8')) as Template;
  const logicalName = `${stage.replaceAll('-', '')}Function`;
  const [found] = Object.entries(template.Resources).filter(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.includes(logicalName),
  );
  const [, hash] = /^(\w+)\.zip$/.exec(found?.[1].Properties?.Code?.S3Key ?? '') ?? [];
  if (!hash) throw new BenchError(`The stack has no bundle for ${stage}.`);
  return `asset.${hash}`;
}

async function loadOnce(file: string): Promise<number> {
  // Of the processor, not of the clock: the machine may be busy.
  const program = `const before = process.cpuUsage();
    await import(${JSON.stringify(pathToFileURL(file).href)});
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1e3);
    process.exit();`;
  const options = ['--enable-source-maps', '--input-type=module', '--eval', program];
  const loaded = await run(process.execPath, options, { ...process.env, ...VARIABLES });
  if (!loaded.ok) throw new BenchError(`${file} does not load:\n${lastLines(loaded.output, 8)}`);
  return Number(lastLines(loaded.output, 1));
}

export const loadMsOf = ({ loadMs }: Bundle): number => median(loadMs);
