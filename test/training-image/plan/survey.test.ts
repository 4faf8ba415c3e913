import { describe, expect, it } from 'vitest';
import { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import type { Measured } from '#training-image/plan/measure-candidate.ts';
import { type Candidate, survey } from '#training-image/plan/survey.ts';
import { keeping, never } from '../quiet.ts';

const N = 400; // images of the sample

/** How many of them a candidate gets right: the first so many, so that each difference is a clear one. */
type Accuracies = Record<string, number>;

const teacher = (name: string, px: number) => ({ name, input: { px } }) as TeacherEntry;
const SMALL = teacher('small', 224);
const TEACHERS = [SMALL, teacher('middle', 240), teacher('large', 260)];
const COST = { small: 1, middle: 2, large: 3 } as Record<string, number>; // per pixel

interface Given {
  right: Accuracies; // by `${name} ${px}`; as many as at the next smaller size if left out
  recipe?: object;
  teachers?: readonly TeacherEntry[];
  budgetSeconds?: number;
  examples?: number;
  secondsPerImage?: number; // of 96 px
}

/** A survey among candidates whose accuracies are known. */
async function surveyed(given: Given) {
  const { right, teachers = TEACHERS, secondsPerImage = 0.001 } = given;
  let clock = 0;
  const tried: string[] = [];
  const lines: string[] = [];
  const relativeCost = async ({ entry, px }: Candidate) => (COST[entry.name] ?? 1) * px ** 2;
  async function measure(candidate: Candidate): Promise<Measured> {
    const name = `${candidate.entry.name} ${candidate.px}`;
    tried.push(name);
    const seconds = (secondsPerImage * (await relativeCost(candidate))) / 96 ** 2;
    clock += N * seconds;
    const count = right[name];
    if (count === undefined) throw new Error(`${name} was not to be tried`);
    return {
      ...candidate,
      correct: Uint8Array.from({ length: N }, (_, i) => (i < count ? 1 : 0)),
      accuracy: count / N,
      standardError: 0.02,
      kappa: 0,
      set: { id: 'last', about: 'something', groups: [] },
      sets: [],
      perBlock: [],
      secondsPerImage: seconds,
      features: new Map(),
    };
  }
  const { chosen, tooExpensive } = await survey(
    {
      recipe: Recipe.parse(given.recipe ?? {}),
      teachers,
      measure,
      relativeCost,
      sampled: N,
      examples: given.examples ?? 1_000,
      budgetSeconds: given.budgetSeconds ?? 1e6,
      elapsed: () => clock,
    },
    keeping(lines),
    never,
  );
  return {
    tried,
    lines,
    chosen: `${chosen.entry.name} ${chosen.px}`,
    tooExpensive: tooExpensive.map(({ entry, px }) => `${entry.name} ${px}`),
  };
}

describe('survey', () => {
  it('stops at the size after which larger images do not help, and tries no larger teacher', async () => {
    const { tried, chosen } = await surveyed({ right: { 'small 96': 300, 'small 160': 300 } });

    expect(tried).toEqual(['small 96', 'small 160']);
    expect(chosen).toBe('small 96');
  });

  it('goes on as long as larger images help, and then to larger teachers', async () => {
    const right = {
      'small 96': 240,
      'small 160': 280,
      'small 224': 310,
      'middle 240': 330,
      'large 260': 330,
    };

    const { tried, chosen } = await surveyed({ right });

    expect(tried).toEqual(Object.keys(right));
    expect(chosen).toBe('middle 240');
  });

  it('does not try the largest teacher if the middle one is no better', async () => {
    const right = { 'small 96': 240, 'small 160': 280, 'small 224': 310, 'middle 240': 310 };

    const { tried, chosen } = await surveyed({ right });

    expect(tried).toEqual(Object.keys(right));
    expect(chosen).toBe('small 224');
  });

  it('stops where nearly everything is right: what is left to gain is too little to be seen', async () => {
    const { tried, chosen } = await surveyed({ right: { 'small 96': 396 } });

    expect(tried).toEqual(['small 96']);
    expect(chosen).toBe('small 96');
  });

  it.each([
    ['accuracy', 'small 160'],
    ['cost', 'small 96'],
  ])('asks more of a dearer candidate the less accuracy counts: %s', async (prefer, expected) => {
    // Of 100 images, one more: one standard error, which is enough for one margin and not for the other.
    const right = {
      'small 96': 300,
      'small 160': 301,
      'small 224': 301,
      'middle 240': 301,
    };

    expect((await surveyed({ right, recipe: { prefer } })).chosen).toBe(expected);
  });

  it('looks at the sizes between if the cost counts', async () => {
    const right = {
      'small 96': 240,
      'small 128': 280,
      'small 160': 280,
      'small 224': 280,
      'middle 240': 280,
    };

    const { tried, chosen } = await surveyed({ right, recipe: { prefer: 'cost' } });

    expect(tried).toEqual(['small 96', 'small 160', 'small 224', 'small 128', 'middle 240']);
    expect(chosen).toBe('small 128');
  });

  it('looks at no sizes between if the smallest is as good as any', async () => {
    const right = { 'small 96': 300, 'small 160': 300 };

    const { tried } = await surveyed({ right, recipe: { prefer: 'cost' } });

    expect(tried).toEqual(['small 96', 'small 160']);
  });

  it('keeps to the size that the recipe asks for, with every teacher', async () => {
    const right = { 'small 128': 240, 'middle 128': 280, 'large 128': 280 };

    for (const prefer of ['accuracy', 'cost']) {
      const { tried, chosen } = await surveyed({ right, recipe: { input_px: 128, prefer } });

      expect(tried).toEqual(['small 128', 'middle 128', 'large 128']);
      expect(chosen).toBe('middle 128');
    }
  });

  it('tries the teacher’s own size only if that is smaller than the others', async () => {
    const teachers = [teacher('small', 64)];

    const { tried } = await surveyed({ right: { 'small 64': 240 }, teachers });

    expect(tried).toEqual(['small 64']);
  });

  it('has the recipe’s one teacher alone to choose from', async () => {
    const right = { 'small 96': 240, 'small 160': 280, 'small 224': 310 };

    const { tried, chosen } = await surveyed({ right, teachers: [SMALL] });

    expect(tried).toEqual(Object.keys(right));
    expect(chosen).toBe('small 224');
  });

  it.each([
    // At 160 px an image takes 2.78 ms: 400 of the sample 1.1 s, 0.4 s at 96 px before.
    ['measuring it would take', { budgetSeconds: 7, examples: 400 }],
    // 10,000 of them 28 s, of 60.
    ['the features of all images would take', { budgetSeconds: 60, examples: 10_000 }],
  ])('does not try what is too expensive: by the time that %s', async (_, limits) => {
    const { tried, chosen, tooExpensive } = await surveyed({
      right: { 'small 96': 240 },
      ...limits,
    });

    expect({ tried, chosen }).toEqual({ tried: ['small 96'], chosen: 'small 96' });
    expect(tooExpensive).toContain('small 160');
  });

  it('always tries one candidate, whatever the budget', async () => {
    const { chosen } = await surveyed({ right: { 'small 96': 240 }, budgetSeconds: 0 });

    expect(chosen).toBe('small 96');
  });

  it('says of each candidate how accurate it is, and with which features', async () => {
    const { lines } = await surveyed({ right: { 'small 96': 300, 'small 160': 300 } });

    expect(lines[0]).toBe(
      'survey: small at 96 px: 75.0% ± 2.0 in cross-validation with something; 1 ms per image',
    );
    expect(lines).toHaveLength(2);
  });

  it('needs a teacher', async () => {
    await expect(surveyed({ right: {}, teachers: [] })).rejects.toThrow('no teacher');
  });
});
