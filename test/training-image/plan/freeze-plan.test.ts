import { describe, expect, it } from 'vitest';
import { Recipe } from '#core/recipe.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Teacher } from '#training-image/features/load-teacher.ts';
import type { TrainingRefused } from '#training-image/job/errors.ts';
import { fineTuningEnds, freezePlanFor } from '#training-image/plan/freeze-plan.ts';
import type { Judgement } from '#training-image/plan/judgement.ts';
import type { Plan } from '#training-image/plan/make-plan.ts';
import { chain, modelFiles, network, SIDE } from '../../engine/networks.ts';

const BLOCKS = 7;
const CLASSES = 10;

/** A teacher of seven blocks, of which the last one may have an activation that the engine does not know. */
async function teacherWith(activation: 'relu' | 'selu'): Promise<Teacher> {
  const names = Array.from({ length: BLOCKS }, (_, i) => `block${i + 1}`);
  const model = network((x) =>
    chain(x, [
      ...names.map((name, i) =>
        tf.layers.conv2d({
          name,
          filters: 3,
          kernelSize: 1,
          activation: i === BLOCKS - 1 ? activation : 'relu',
        }),
      ),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'features' }),
    ]),
  );
  const { json, bytes } = await modelFiles(model);
  const entry = { blockOutputs: names } as unknown as Teacher['entry'];
  return { entry, px: SIDE, digest: '', model, json, weights: bytes };
}

interface Given {
  recipe?: object;
  activation?: 'relu' | 'selu';
  perClass?: number;
  kappa?: number;
  secondsPerImage?: number;
  budgetSeconds?: number;
  method?: Judgement['method'];
}

/** The decision for a dataset of ten even classes, all of which is learned from. */
async function decided(given: Given) {
  const { perClass = 40, kappa = 0.8, secondsPerImage = 1e-4, method = 'cross-validation' } = given;
  const n = CLASSES * perClass;
  const all = Int32Array.from({ length: n }, (_, i) => i);
  const facts = {
    ...{ images: n, seconds: 10, candidates: [], tooExpensive: [] },
    ...{ similarity: kappa, kappa, standardError: 0.01 },
    features: { set: 'last', about: '', tried: [] },
    perBlock: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, kappa],
  };
  const set: Plan['set'] = { id: 'last', about: '', groups: [] };
  const split = { train: all, heldOut: all };
  return freezePlanFor({
    recipe: Recipe.parse(given.recipe ?? {}),
    teacher: await teacherWith(given.activation ?? 'relu'),
    plan: { teacher: 'small', px: SIDE, set, secondsPerImage, facts },
    judgement: {
      ...{ method, fit: all, learnable: all, all, test: new Int32Array() },
      ...{ splits: Array.from({ length: 5 }, () => split), folds: method === 'hold-out' ? 1 : 5 },
    },
    labels: all.map((i) => i % CLASSES),
    classes: CLASSES,
    budgetSeconds: given.budgetSeconds ?? 3600,
  });
}

describe('freezePlanFor', () => {
  it.each([
    ['head-only', 0],
    ['blocks:1', 1],
    ['blocks:5', 5],
    ['full', BLOCKS],
  ])('does what the recipe asks for: %s retrains %i of seven blocks', async (regime, retrained) => {
    expect(await decided({ recipe: { regime } })).toMatchObject({
      regime,
      retrained,
      why: 'The recipe asks for it.',
    });
  });

  it.each([
    ['similar images', { kappa: 0.97 }, 'head-only', 0],
    ['less similar ones', { kappa: 0.8 }, 'blocks:4', 4],
    ['very different ones', { kappa: 0.3, perClass: 120 }, 'full', BLOCKS],
    ['few', { kappa: 0.8, perClass: 10 }, 'blocks:4', 4],
    ['hardly any', { kappa: 0.3, perClass: 3 }, 'head-only', 0],
  ])('goes by the policy for auto: %s', async (_, given, regime, retrained) => {
    expect(await decided(given)).toMatchObject({ regime, retrained });
  });

  it('retrains nothing if the budget has no time for it, and says so', async () => {
    const { regime, why } = await decided({ secondsPerImage: 0.1, budgetSeconds: 120 });

    expect(regime).toBe('head-only');
    expect(why).toMatch(/Retraining would take about .*, and the budget leaves/);
  });

  it.each(['blocks:1', 'full'])(
    'refuses %s by the layer that the engine does not know',
    async (regime) => {
      await expect(decided({ recipe: { regime }, activation: 'selu' })).rejects.toMatchObject({
        code: 'TEACHER_NOT_TRAINABLE',
        message: expect.stringContaining('block7'),
      } satisfies Partial<TrainingRefused>);
    },
  );

  it.each(['head-only', 'auto'])('lets a head be trained on any teacher: %s', async (regime) => {
    expect(await decided({ recipe: { regime }, activation: 'selu', kappa: 0.3 })).toMatchObject({
      regime: 'head-only',
      retrained: 0,
    });
  });
});

describe('the splits that fine-tuning is judged on', () => {
  const recipe = { regime: 'blocks:4' };

  it('are all folds if there is time', async () => {
    expect(await decided({ recipe })).toMatchObject({ splits: 5, runsAfter: 1 });
  });

  it('are as many as there is time for, besides the fine-tuning on all images', async () => {
    const { seconds } = await decided({ recipe, secondsPerImage: 0.1 });
    // 10 s for the plan, and 1.2 × 400 × 0.1 s for the features of all images.
    const budgetFor = (runs: number) => (30 + 10 + 48 + runs * seconds) / 0.85;
    const splitsIn = async (runs: number) =>
      (await decided({ recipe, secondsPerImage: 0.1, budgetSeconds: budgetFor(runs) })).splits;

    expect(seconds).toBeGreaterThan(1);
    expect(await splitsIn(4.1)).toBe(3);
    expect(await splitsIn(2.9)).toBe(1);
    expect(await splitsIn(0.5)).toBe(1); // the recipe asks for it, and the schedule is shortened
  });

  it('is one with a hold-out, after which nothing is trained unless the recipe asks for it', async () => {
    expect(await decided({ recipe, method: 'hold-out' })).toMatchObject({
      splits: 1,
      runsAfter: 0,
    });
    expect(await decided({ recipe: { ...recipe, refit: true }, method: 'hold-out' })).toMatchObject(
      { splits: 1, runsAfter: 1 },
    );
  });

  it('do not depend on the clock: a resumed training must decide the same', async () => {
    expect(await decided({ recipe })).toEqual(await decided({ recipe }));
  });
});

describe('fineTuningEnds', () => {
  it('leaves a part of the budget for testing and saving', () => {
    expect(fineTuningEnds(600)).toBe(480);
    expect(fineTuningEnds(10)).toBe(0);
  });
});
