import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { teacherNamed } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { BenchError } from './bench-error.ts';
import { measureBundles } from './bundles.ts';
import { type Bench, compare, imagesFile, requireAgreement } from './compare.ts';
import { COMPARISONS } from './comparisons.ts';
import { under } from './machine.ts';
import { measureMemory } from './memory.ts';
import { profileStep } from './profile.ts';
import { keepRecord, SECTIONS, type Section } from './record.ts';
import { writeResults } from './results.ts';
import { setUp } from './set-up.ts';
import { measureStall } from './stall.ts';
import { CONTENDERS, type Contender, lastLineOf } from './start-contender.ts';

// `npm run bench`: everything; `-- --only=step --rounds=5 --without=torch` as it says. Writes bench/RESULTS.md.

const say = (line: string) => process.stderr.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [...SECTIONS] },
    without: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '3' },
  },
});

const MEASURES: Record<Section, (bench: Bench) => Promise<unknown>> = {
  features: (bench) => compare(bench, COMPARISONS.features),
  step: (bench) => compare(bench, COMPARISONS.step),
  host: (bench) => compare(bench, COMPARISONS.host),
  profile: profileStep,
  stall: measureStall,
  memory: measureMemory,
  bundles: measureBundles,
};

const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
try {
  const bench = await prepare();
  const contenders = (Object.keys(CONTENDERS) as Contender[]).filter(
    (contender) => !bench.without.has(contender),
  );
  const largestDifference = await requireAgreement(bench, contenders);
  for (const section of values.only as Section[]) {
    say(`measuring ${section}`);
    const [circumstances, result] = await under(() => MEASURES[section](bench));
    await keepRecord(section, { ...circumstances, largestDifference, result });
  }
  await writeResults();
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function prepare(): Promise<Bench> {
  const wrong = values.only.find((name) => !SECTIONS.includes(name as Section));
  if (wrong)
    throw new BenchError(`There is no "${wrong}" to be measured, but: ${SECTIONS.join(', ')}.`);
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0)) {
    throw new BenchError(`--rounds is a whole number of at least 1, not "${values.rounds}".`);
  }
  const without = new Set(values.without);
  await ensureTensorflow(say);
  const places = await setUp(!without.has('torch'), say);
  const entry = teacherNamed('efficientnet-lite0');
  if (!entry) throw new Error('efficientnet-lite0 is not in the catalogue');
  const teacher = await importTeacher(entry, { report: say });
  const bench = { places, folder, teacher, rounds, without, say };

  for (const px of [32, 224]) await writeFile(imagesFile(bench, px), images(32, px));
  const onnx = join(folder, 'teacher.onnx');
  await lastLineOf('contenders/write_onnx.py', [teacher, onnx], places);
  return bench;
}

/** Patterns that are no photographs, but which a network tells apart; uint8 [n, px, px, 3]. */
function images(n: number, px: number): Uint8Array {
  const values = new Uint8Array(n * px * px * 3);
  let at = 0;
  for (let k = 1; k <= n; k++) {
    for (let y = 0; y < px; y++) {
      for (let x = 0; x < px; x++) {
        for (let c = 0; c < 3; c++) values[at++] = 7 * k * y + 13 * x + 31 * c + ((y * x) % 251);
      }
    }
  }
  return values;
}
