import { at } from '#core/at.ts';
import type { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { advantage, cheapestNotBeaten } from './compare.ts';
import type { Measured } from './measure-candidate.ts';

/** A teacher, and the size of the images that it is given. */
export interface Candidate {
  entry: TeacherEntry;
  px: number;
}

export interface SurveyRequest {
  recipe: Pick<Recipe, 'input_px' | 'prefer'>;
  teachers: readonly TeacherEntry[]; // from the quickest to the most accurate
  /** Measures a candidate on the sample. */
  measure(candidate: Candidate): Promise<Measured>;
  /** Seconds per image of a candidate, compared with another one. */
  relativeCost(candidate: Candidate): Promise<number>;
  sampled: number; // images
  examples: number; // images of the dataset
  budgetSeconds: number;
  elapsed(): number; // seconds since the job's training began
}

export interface Survey {
  measured: readonly Measured[]; // in the order in which they were tried
  chosen: Measured;
  /** Candidates that were not tried because of what they would cost. */
  tooExpensive: readonly Candidate[];
}

/** Sizes beside the teacher's own, in px: those between are tried only if the cost counts. */
const SIZES = { first: [96, 160], between: [128, 192] };

/** In standard errors of the paired difference, which a dearer candidate must be better by. */
const MARGINS = { accuracy: 0.5, cost: 1 };

/** Nothing dearer is tried after this accuracy: what is left to gain is too small for the sample to show. */
const NEARLY_PERFECT = 0.985;

const SURVEY_FRACTION = 0.2; // of the budget, for all candidates together
const FEATURES_FRACTION = 0.4; // of the budget, for decoding and the features of all images

/**
 * Looks for the teacher and the image size, on a sample: larger images as long as they help, then larger teachers.
 *
 * One size after another, since each costs about as much as all smaller ones together, and on many datasets the
 * smallest one is as good as any.
 */
export async function survey(
  request: SurveyRequest,
  report: Reporter,
  stop: StopSignal,
): Promise<Survey> {
  const { recipe, teachers, sampled, examples, budgetSeconds } = request;
  const margin = MARGINS[recipe.prefer];
  const measured: Measured[] = [];
  const tooExpensive: Candidate[] = [];
  const began = request.elapsed();
  const costs = new Map<Measured, number>(); // relative
  const cheapestFirst = () =>
    [...measured].sort((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0));
  const best = () => cheapestNotBeaten(cheapestFirst(), margin);

  /** @returns whether it is better than all before, and dearer ones may be better still; `undefined` if it would cost too much */
  async function attempt(candidate: Candidate): Promise<boolean | undefined> {
    stop.throwIfRequested();
    const cost = await request.relativeCost(candidate);
    const [first] = measured;
    if (first) {
      const secondsPerImage = (first.secondsPerImage * cost) / (costs.get(first) ?? cost);
      const surveySeconds = request.elapsed() - began + sampled * secondsPerImage;
      const isTooExpensive =
        surveySeconds > SURVEY_FRACTION * budgetSeconds ||
        examples * secondsPerImage > FEATURES_FRACTION * budgetSeconds;
      if (isTooExpensive) {
        tooExpensive.push(candidate);
        return undefined;
      }
    }
    const before = measured.length > 0 ? best() : undefined;
    const found = await request.measure(candidate);
    measured.push(found);
    costs.set(found, cost);
    report.line(describe(found));
    const isBetter = !before || advantage(found, before) > margin;
    return isBetter && found.accuracy < NEARLY_PERFECT;
  }

  const [smallest] = teachers;
  if (!smallest) throw new Error('There is no teacher to choose.');
  const own = smallest.input.px;
  const sizes = sizesFor(recipe, own, SIZES.first);
  for (const px of sizes) if (!(await attempt({ entry: smallest, px }))) break;

  if (recipe.prefer === 'cost') {
    const limit = best().px;
    const tried = measured.map(({ px }) => px);
    const below = tried.filter((px) => px < limit).at(-1) ?? limit;
    const between = SIZES.between.filter((px) => px > below && px < limit);
    if (recipe.input_px === undefined)
      for (const px of between) await attempt({ entry: smallest, px });
  }

  const largerHelped =
    best().accuracy < NEARLY_PERFECT && (best().px > at(sizes, 0) || sizes.length === 1);
  for (const entry of largerHelped ? teachers.slice(1) : []) {
    const goesOn = await attempt({ entry, px: recipe.input_px ?? entry.input.px });
    if (goesOn === false) break;
  }
  return { measured, chosen: best(), tooExpensive };
}

/** Ascending. */
function sizesFor({ input_px }: Pick<Recipe, 'input_px'>, own: number, others: readonly number[]) {
  return input_px === undefined ? [...others.filter((px) => px < own), own] : [input_px];
}

const describe = ({ entry, px, accuracy, set, standardError, secondsPerImage }: Measured): string =>
  `survey: ${entry.name} at ${px} px: ${(100 * accuracy).toFixed(1)}% ± ${(100 * standardError).toFixed(1)} in cross-validation with ${set.about}; ${(1000 * secondsPerImage).toFixed(0)} ms per image`;
