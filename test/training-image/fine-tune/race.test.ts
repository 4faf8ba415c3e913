import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Recipe } from '#core/recipe.ts';
import { canRace, race } from '#training-image/fine-tune/race.ts';
import type { Tuning } from '#training-image/fine-tune/tune-student.ts';
import { chooseHeads } from '#training-image/head/fit-head.ts';
import type { FreezeDecision } from '#training-image/plan/freeze-plan.ts';
import type { Judgement } from '#training-image/plan/judgement.ts';
import { keeping, never } from '../quiet.ts';
import { colours, type SmallData, smallData } from '../small-data.ts';

const freeze: FreezeDecision = {
  ...{ regime: 'blocks:4', retrained: 4, why: '', isProposal: true },
  ...{ seconds: 100, secondsLeft: 300, splits: 1, runsAfter: 0 },
};

/** A judgement that holds out so many images at a time. */
const holdingOut = (n: number) =>
  ({ splits: [{ train: new Int32Array(), heldOut: new Int32Array(n) }] }) as unknown as Judgement;

describe('canRace', () => {
  it.each<[string, Partial<FreezeDecision>, number, boolean]>([
    ['a proposal with time and images enough', {}, 100, true],
    ['a wish of the recipe', { isProposal: false }, 100, false],
    ['a head', { regime: 'head-only', retrained: 0 }, 100, false],
    ['hardly any images held out', {}, 99, false],
    ['no time for a race besides the fine-tuning', { secondsLeft: 199 }, 100, false],
    ['just enough time', { secondsLeft: 200 }, 100, true],
    ['no time for the refit that follows', { secondsLeft: 299, runsAfter: 1 }, 100, false],
  ])('decides whether there is a race: %s', (_, given, heldOut, expected) => {
    expect(canRace({ ...freeze, ...given }, holdingOut(heldOut))).toBe(expected);
  });
});

describe('race', () => {
  let data: SmallData;
  beforeEach(async () => {
    data = await smallData(colours, { n: 40, classes: 2, set: 'averages' });
  });
  afterEach(() => data.remove());

  it('tries the plan, a slower rate and the neighbour, and takes the smallest loss', async () => {
    const { teacher, set, decoded, labels, weigh, root: scratch, judgement } = data;
    const checkpoints = join(scratch, 'checkpoints');
    await mkdir(checkpoints);
    const tuning: Tuning = {
      ...{ teacher, set, decoded, labels, weigh, scratch, checkpoints, cacheKey: [] },
      ...{ retrained: 4, rate: 1, epochs: 1, flip: false, elapsed: () => 0 },
      recipe: Recipe.parse({ augmentation: 'none' }),
    };
    const lines: string[] = [];
    const report = keeping(lines);
    const heads = await chooseHeads(data.headData, judgement, report, never);

    const { contenders, winner } = await race(tuning, freeze, judgement, heads, 1e6, report, never);

    expect(contenders.map(({ regime, rate }) => [regime, rate])).toEqual([
      ['blocks:4', 1],
      ['blocks:4', 1 / 3],
      ['blocks:6', 1],
    ]);
    expect(winner.loss).toBe(Math.min(...contenders.map(({ loss }) => loss)));
    expect(lines.filter((line) => line.startsWith('race: '))).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith('epoch='))).toHaveLength(3 * 7); // a third of 20
  }, 120_000); // three fine-tunings
});
