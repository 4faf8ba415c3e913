import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Recipe } from '#core/recipe.ts';
import { type FineTuning, fineTune } from '#training-image/fine-tune/fine-tune.ts';
import { TrainingInterrupted } from '#training-image/job/errors.ts';
import { keeping, never, quiet } from '../quiet.ts';
import { distance, killedOver, smallFineTuning, undisturbed } from './kills.ts';

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});
async function tuningOf(...of: Parameters<typeof smallFineTuning>): Promise<FineTuning> {
  const { tuning, remove } = await smallFineTuning(...of);
  removals.push(remove);
  return tuning;
}

/** The log of a fine-tuning that is interrupted when it looks for the nth time whether it should stop. */
async function interrupted(tuning: FineTuning, check: number): Promise<string[]> {
  const lines: string[] = [];
  let left = check;
  const throwIfRequested = () => {
    if (left-- === 0) throw new TrainingInterrupted('asked');
  };
  const ended = fineTune(tuning, keeping(lines), { throwIfRequested });
  await expect(ended).rejects.toBeInstanceOf(TrainingInterrupted);
  return lines;
}

async function checkpointOf({ checkpoints }: FineTuning): Promise<string> {
  const [folder = ''] = await readdir(checkpoints);
  return join(checkpoints, folder, 'checkpoint');
}

describe('a fine-tuning', () => {
  it.each([
    [{ augmentation: 'none' }, 1],
    [{ augmentation: 'auto' }, 1],
    [{ augmentation: 'auto' }, 2],
  ])(
    'gives the same result through ten kills: %j, %i blocks',
    { timeout: 120_000 },
    async (recipe, retrained) => {
      const [one, other] = [await tuningOf(recipe, retrained), await tuningOf(recipe, retrained)];
      const { outcome, checks } = await undisturbed(one);

      const killed = await killedOver(other, 10, checks, 7);

      expect(distance(outcome, killed)).toBeLessThanOrEqual(1e-6);
    },
  );

  it('gives another result with another seed, and a bit-identical one with the same seed', async () => {
    const outcomes = [];
    for (const seed of [1, 1, 2])
      outcomes.push(await fineTune(await tuningOf({ seed }), quiet, never));
    const [first, again, other] = outcomes as [
      (typeof outcomes)[0],
      (typeof outcomes)[0],
      (typeof outcomes)[0],
    ];

    expect(again).toEqual(first);
    expect(distance(first, other)).not.toBeLessThanOrEqual(1e-6);
  });

  it('resumes where it stopped, and repeats no epoch', async () => {
    const tuning = await tuningOf({});
    const before = await interrupted(tuning, 40);
    const after: string[] = [];

    await fineTune(tuning, keeping(after), never);

    const epochs = [...before, ...after].map((line) => /^epoch=(\d+) /.exec(line)?.[1]);
    expect(before.length).toBeGreaterThan(0);
    expect(epochs).toEqual(Array.from(epochs, (_, i) => String(i + 1)));
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['changed in one bit', (bytes: Buffer) => bytes.fill((bytes[200] ?? 0) ^ 1, 200, 201)],
    ['something else', () => Buffer.from('x'.repeat(1000))],
  ])('starts over if the checkpoint is %s, and says so', async (_, change) => {
    const [tuning, fresh] = [await tuningOf({}), await tuningOf({})];
    await interrupted(tuning, 40);
    const file = await checkpointOf(tuning);
    await writeFile(file, change(await readFile(file)));
    const lines: string[] = [];

    const outcome = await fineTune(tuning, keeping(lines), never);

    expect(lines[0]).toBe('The checkpoint is damaged; fine-tuning starts over.');
    expect(distance(outcome, await fineTune(fresh, quiet, never))).toBe(0);
  });

  it('does not use the checkpoint of another recipe or other data', async () => {
    const tuning = await tuningOf({});
    await interrupted(tuning, 40);
    const first = await checkpointOf(tuning);

    const lines = await interrupted({ ...tuning, cacheKey: ['other'] }, 20);

    expect(lines.join()).not.toContain('damaged');
    expect(await checkpointOf(tuning)).not.toBe(first); // and the first is gone
    expect(await readdir(tuning.checkpoints)).toHaveLength(1);
  });

  it('finds its checkpoint again with another budget: a relaunch may get another instance type', async () => {
    const tuning = await tuningOf({ budget: { minutes: 60, dollars: 5 } });
    await interrupted(tuning, 40);
    const recipe = Recipe.parse({ instance_types: ['ml.g5.xlarge'], budget: { minutes: 30 } });
    const lines: string[] = [];

    await fineTune({ ...tuning, recipe, until: 1800 }, keeping(lines), never);

    expect(lines[0]).not.toMatch(/^epoch=1 /); // it has resumed
  });

  it('gives the same result with and without stored activations, if images are not augmented', async () => {
    const [kept, whole] = [
      await tuningOf({ augmentation: 'none' }),
      await tuningOf({ augmentation: 'none' }),
    ];

    const outcome = await fineTune(kept, quiet, never);
    const other = await fineTune({ ...whole, diskForActivations: 1_000 }, quiet, never);

    expect(await readdir(kept.scratch)).toEqual(['train-0.f32', 'validation-0.f32']);
    expect(await readdir(whole.scratch)).toEqual([]);
    expect(distance(outcome, other)).toBeLessThan(1e-3); // float32 sums in another order, over some hundred steps
  });

  it('stores as many views of augmented images as fit on the disk', async () => {
    const tuning = await tuningOf({});
    const bytes = 4 * 5 * 5 * 6; // of an example, where the first block ends
    const disk = (n: number) => n * 48 * bytes + 12 * bytes; // 48 to train, 12 to validate

    for (const [room, files] of [
      [disk(1), 0], // one view is no augmentation
      [disk(3), 4], // and the validation part
    ] as const) {
      await fineTune({ ...tuning, cacheKey: [room], diskForActivations: room }, quiet, never);
      expect(await readdir(tuning.scratch)).toHaveLength(files);
    }
  });

  it('is shortened to fit the budget, and ends as scheduled then, with a learning rate of 0', async () => {
    const tuning = await tuningOf({});
    let seconds = 0;
    const throwIfRequested = () => {
      seconds += 5;
    };
    const lines: string[] = [];
    const timed = { ...tuning, until: 500, elapsed: () => seconds };

    const outcome = await fineTune(timed, keeping(lines), { throwIfRequested });

    expect(lines.join()).toMatch(
      /The budget holds \d+\.\d of 20 epochs; the schedule is shortened/,
    );
    expect(outcome.stopped).toBe('budget');
    expect(outcome.epochs).toBeGreaterThan(2);
    expect(outcome.weights?.size).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(500);
  });

  it('gives no weights if the budget ends before it begins', async () => {
    const tuning = await tuningOf({});

    const outcome = await fineTune({ ...tuning, elapsed: () => 1e6 }, quiet, never);

    expect(outcome).toMatchObject({ weights: undefined, stopped: 'budget', epochs: 0 });
  });
});
