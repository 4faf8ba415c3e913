import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const load = new URL('../../../engine/tensorflow/load.ts', import.meta.url).href;
const tsx = pathToFileURL(require.resolve('tsx')).href;
// `require.resolve('tsx/esm/api')` would name its CommonJS twin, which cannot register in a worker.
const tsxApi = new URL('./esm/api/index.mjs', tsx).href;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-load-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runScript(lines: string[], environment: NodeJS.ProcessEnv = {}) {
  const script = join(folder, 'script.mjs');
  writeFileSync(script, lines.join('\n'));
  const { TF_CPP_MIN_LOG_LEVEL: _, TF_ENABLE_ONEDNN_OPTS: __, ...inherited } = process.env;
  const ran = spawnSync(process.execPath, ['--import', tsx, script], {
    env: { ...inherited, ...environment },
  });
  return { out: ran.stdout.toString(), said: ran.stderr.toString() };
}

const first = `const { tf } = await import('${load}');`;
const add = 'console.log(tf.getBackend(), tf.add(tf.scalar(1), tf.scalar(2)).arraySync());';

const inWorker = [
  "import { Worker } from 'node:worker_threads';",
  `const script = ${JSON.stringify(`import { register } from '${tsxApi}'; register(); ${first} ${add}`)};`,
  "new Worker(new URL('data:text/javascript,' + encodeURIComponent(script)));",
];

describe.each([
  ['the main thread', [first, add]],
  ['a worker thread', inWorker],
])('load in %s', (_, script) => {
  it('gives tfjs on TensorFlow, and prints nothing to stderr', () => {
    expect(runScript(script)).toEqual({ out: 'tensorflow 3\n', said: '' });
  });

  it('shows TensorFlow’s log on request, and turns oneDNN on', () => {
    const { said } = runScript(script, { TF_CPP_MIN_LOG_LEVEL: '0' });

    expect(said).toContain('oneDNN custom operations are on');
  });

  it('leaves oneDNN off on request', () => {
    const { said } = runScript(script, { TF_CPP_MIN_LOG_LEVEL: '0', TF_ENABLE_ONEDNN_OPTS: '0' });

    expect(said).not.toContain('oneDNN custom operations are on');
  });
});
