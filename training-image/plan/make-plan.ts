import { join } from 'node:path';
import { at } from '#core/at.ts';
import type { StudentCard } from '#core/card.ts';
import type { ManifestExample } from '#core/manifest.ts';
import type { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { readModel } from '#engine/read-model.ts';
import { openDecoders } from '../data/decoders.ts';
import type { Dataset } from '../data/read-dataset.ts';
import { seededRandom, shuffled } from '../data/seeded-random.ts';
import type { FeatureSet } from '../features/feature-sets.ts';
import { loadTeacher, type Teacher } from '../features/load-teacher.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { readVerified, writeAtomic } from '../storage/atomic-file.ts';
import { checkpointFolder } from '../storage/checkpoint-folder.ts';
import { COMPARED_IMAGES, compareWithTeacher } from './compare-with-teacher.ts';
import { sampleDecoder } from './decode-sample.ts';
import { type Measured, measureCandidate } from './measure-candidate.ts';
import { multiplyAdds } from './multiply-adds.ts';
import { sampleOf } from './sample.ts';
import { type Candidate, type Survey, survey } from './survey.ts';

/** Which teacher the student gets, at which image size, and what of it the head is given. */
export interface Plan {
  teacher: string;
  px: number;
  set: FeatureSet;
  secondsPerImage: number; // decoding and features, on the machine that made the plan
  facts: PlanFacts;
}

type PlanFacts = NonNullable<StudentCard['plan']>;

export interface Planning {
  channel: string; // folder of the teacher channel
  candidates: readonly TeacherEntry[]; // from the quickest to the most accurate
  recipe: Pick<Recipe, 'input_px' | 'prefer' | 'regime' | 'seed'>;
  dataset: Dataset;
  examples: readonly ManifestExample[];
  labels: Int32Array; // of all examples
  classes: readonly string[];
  learnable: Int32Array; // indices of the examples that the plan may look at, without copies
  checkpoints: string;
  cacheKey: readonly unknown[];
  budgetSeconds: number;
  elapsed(): number; // seconds since the job's training began
}

const SAMPLE = 400; // images; chosen: a difference of 3 points between two candidates is seen, at a few seconds each

/**
 * Measures on a sample which teacher, image size and features suit the dataset. A plan that an interrupted run has made
 * is kept: it depends on the speed of the machine.
 *
 * @returns the plan, and the features of the sample, by the examples' indices
 */
export async function makePlan(
  planning: Planning,
  report: Reporter,
  stop: StopSignal,
): Promise<{ plan: Plan; known: ReadonlyMap<number, Float32Array> }> {
  const { candidates, recipe, examples, labels, learnable, classes } = planning;
  const folder = await checkpointFolder(planning.checkpoints, 'plan', planning.cacheKey);
  const file = join(folder, 'plan');
  const stored = await readPlan(file);
  if (stored) return stored;

  const { seed, regime } = recipe;
  const retraining = regime === 'auto' ? 'perhaps' : regime === 'head-only' ? 'no' : 'yes';
  const began = planning.elapsed();
  const sample = sampleOf(learnable, labels, SAMPLE, recipe.seed);
  const decoders = openDecoders();
  const decode = sampleDecoder(planning.dataset, examples, labels, sample, decoders, stop);
  const costs = new Map<string, number>(); // multiplications per pixel, by teacher

  async function measure({ entry, px }: Candidate): Promise<Measured> {
    report.progress('plan', 0, 1);
    const teacher = await loadTeacher(planning.channel, entry, px);
    try {
      return await measureCandidate(
        teacher,
        await decode(px),
        { examples: examples.length, classes: classes.length, seed, retraining },
        stop,
      );
    } finally {
      teacher.model.dispose();
    }
  }
  async function relativeCost({ entry, px }: Candidate): Promise<number> {
    const perPixel =
      costs.get(entry.name) ?? costPerPixel(await loadTeacher(planning.channel, entry));
    costs.set(entry.name, perPixel);
    return perPixel * px ** 2;
  }

  async function compare({ entry, px }: Candidate) {
    const few = sampleOf(learnable, labels, COMPARED_IMAGES, seed);
    const mixed = shuffled(few.length, seededRandom('compare', seed)).map((i) => at(few, i));
    const images = sampleDecoder(planning.dataset, examples, labels, mixed, decoders, stop);
    const teacher = await loadTeacher(planning.channel, entry, px);
    teacher.model.dispose();
    return compareWithTeacher(teacher, await images(px), classes);
  }

  const { budgetSeconds, elapsed } = planning;
  const request = {
    recipe,
    teachers: candidates,
    measure,
    relativeCost,
    sampled: sample.length,
    examples: examples.length,
    budgetSeconds,
    elapsed,
  };
  try {
    const found = await survey(request, report, stop);
    const { chosen } = found;
    const teacherView = await compare(chosen);
    report.progress('plan', 1, 1);
    const plan: Plan = {
      teacher: chosen.entry.name,
      px: chosen.px,
      set: chosen.set,
      secondsPerImage: chosen.secondsPerImage,
      facts: {
        ...factsOf(found, sample.length, planning.elapsed() - began),
        ...(teacherView && { teacherView }),
      },
    };
    await writePlan(file, plan, chosen.features);
    return { plan, known: chosen.features };
  } finally {
    await decoders.close();
  }
}

/** Multiplications for each pixel of the image; the same for all teachers if the engine cannot read one. */
function costPerPixel({ json, weights, px, model }: Teacher): number {
  model.dispose();
  const read = readModel(json, weights);
  return read.ok ? multiplyAdds(read.value) / px ** 2 : 1;
}

function factsOf(
  { measured, chosen, tooExpensive }: Survey,
  images: number,
  seconds: number,
): PlanFacts {
  const last = chosen.sets.find(({ set }) => set.id === 'last') ?? at(chosen.sets, 0);
  return {
    images,
    seconds: Math.round(seconds * 10) / 10,
    candidates: measured.map(({ entry, px, set, accuracy, standardError, secondsPerImage }) => ({
      teacher: entry.name,
      px,
      features: set.id,
      accuracy,
      standardError,
      secondsPerImage,
    })),
    tooExpensive: tooExpensive.map(({ entry, px }) => ({ teacher: entry.name, px })),
    features: {
      set: chosen.set.id,
      about: chosen.set.about,
      tried: chosen.sets.map(({ set, result: { accuracy, kappa } }) => ({
        set: set.id,
        accuracy,
        kappa,
      })),
    },
    similarity: Math.max(0, last.result.kappa),
    kappa: chosen.kappa,
    standardError: chosen.standardError,
    perBlock: [...chosen.perBlock],
  };
}

/** File format: the length of the JSON (uint32), the JSON padded to a multiple of 4 bytes, then the rows (float32). */
async function writePlan(file: string, plan: Plan, known: ReadonlyMap<number, Float32Array>) {
  const json = Buffer.from(JSON.stringify({ plan, indices: [...known.keys()] }));
  const padded = Buffer.alloc(4 * Math.ceil(json.length / 4), ' ');
  json.copy(padded);
  await writeAtomic(file, [Uint32Array.of(padded.length), padded, ...known.values()]);
}

async function readPlan(file: string) {
  const bytes = await readVerified(file);
  if (!bytes) return undefined;
  const [length = 0] = new Uint32Array(bytes.buffer, 0, 1);
  const json = JSON.parse(Buffer.from(bytes.buffer, 4, length).toString());
  const { plan, indices } = json as { plan: Plan; indices: number[] };
  const values = new Float32Array(bytes.buffer, 4 + length);
  const d = values.length / Math.max(1, indices.length);
  const rows = indices.map((index, i) => [index, values.subarray(i * d, (i + 1) * d)] as const);
  return { plan, known: new Map(rows) };
}
