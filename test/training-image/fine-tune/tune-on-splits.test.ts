import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { Recipe } from '#core/recipe.ts';
import { score } from '#training-image/evaluate/predictions.ts';
import { layersOf } from '#training-image/features/feature-sets.ts';
import { tuneOnSplits } from '#training-image/fine-tune/tune-on-splits.ts';
import type { Tuning } from '#training-image/fine-tune/tune-student.ts';
import { chooseHeads, type JudgedHeads } from '#training-image/head/fit-head.ts';
import { buildStudent } from '#training-image/student/build-student.ts';
import { keeping, never, quiet } from '../quiet.ts';
import { colours, type SmallData, smallData } from '../small-data.ts';

const N = 60;
const CLASSES = 3;

let data: SmallData;
let heads: JudgedHeads;
let tuning: Tuning;
beforeEach(async () => {
  data = await smallData(colours, { n: N, classes: CLASSES, set: 'grid' });
  heads = await chooseHeads(data.headData, data.judgement, quiet, never);
  const { teacher, set, decoded, labels, weigh, root: scratch } = data;
  const checkpoints = join(scratch, 'checkpoints');
  await mkdir(checkpoints);
  const common = { teacher, set, decoded, labels, weigh, scratch, checkpoints };
  const how = { retrained: 1, rate: 1, epochs: 1, flip: false };
  const recipe = Recipe.parse({ augmentation: 'none' });
  tuning = { ...common, ...how, recipe, cacheKey: [], elapsed: () => 0 };
});
afterEach(() => data.remove());

const budget = { splits: 2, until: 1e6, runsAfter: 1 };

describe('tuneOnSplits', () => {
  it('fine-tunes on some splits, and predicts what each of them holds out', async () => {
    const { splits } = data.judgement;

    const judged = await tuneOnSplits(tuning, data.judgement, heads, budget, quiet, never);

    const heldOut = splits.slice(0, 2).flatMap((split) => [...split.heldOut]);
    const labels = heldOut.map((i) => data.labels[i]);
    expect([...(judged.predictions?.labels ?? [])]).toEqual(labels);
    expect([...judged.headPredictions.labels]).toEqual(labels);
    expect(judged.headPredictions.logits).toEqual(
      heads.predictions.logits.slice(0, CLASSES * heldOut.length),
    );
    expect(judged).toMatchObject({ splits: 2, examples: N - 12, outcome: { stopped: 'schedule' } });
    if (judged.predictions) expect(score(judged.predictions).accuracy).toBe(1); // colours are easy
    judged.student?.dispose();
  });

  it('gives the student of the first split, as it was judged', async () => {
    const judged = await tuneOnSplits(tuning, data.judgement, heads, budget, quiet, never);

    const { heldOut } = at(data.judgement.splits, 0);
    const logits = await judged.student?.predict(heldOut);
    expect(logits).toEqual(judged.predictions?.logits.slice(0, CLASSES * heldOut.length));
    judged.student?.dispose();
  });

  it('leaves the weights of frozen blocks as they were, to the last bit, and moving averages', async () => {
    const { teacher, set } = data;
    const start = await buildStudent(teacher, layersOf(set), at(heads.heads, 0));
    const short = { ...budget, splits: 1 };

    const { student } = await tuneOnSplits(
      { ...tuning, epochs: 0.1 },
      data.judgement,
      heads,
      short,
      quiet,
      never,
    );

    if (!student) return expect.unreachable('there is time for it');
    const [before, after] = [start, student.network].map(({ weights }) => weights);
    let offset = 0;
    for (const { name, shape } of start.weightSpecs) {
      const end = offset + 4 * shape.reduce((product, each) => product * each, 1);
      const isTrained = /^(block7|head)/.test(name) && !name.includes('moving');
      const isAsBefore = Buffer.compare(
        before?.subarray(offset, end) ?? Buffer.alloc(0),
        after?.subarray(offset, end) ?? Buffer.alloc(1),
      );
      expect({ name, isTrained: isAsBefore !== 0 }).toEqual({ name, isTrained });
      offset = end;
    }
    student.dispose();
  });

  it('predicts nothing if there is no time for one of them', async () => {
    let fineTuned = 0;
    // The clock stands still until the first fine-tuning has ended; then everything is too late.
    const report = {
      ...quiet,
      progress: (step: string, done: number, of: number) => {
        if (step === 'fine-tune' && done === of) fineTuned += 1;
      },
    };
    const elapsed = () => (fineTuned > 0 ? 2e6 : 0);

    const judged = await tuneOnSplits(
      { ...tuning, elapsed },
      data.judgement,
      heads,
      budget,
      report,
      never,
    );

    expect(judged.outcome).toMatchObject({ stopped: 'budget', epochs: 0 });
    expect(judged.predictions).toBeUndefined();
    expect(judged.student).toBeDefined(); // to be disposed of
    judged.student?.dispose();
  });

  it('gives each fine-tuning its share of the time, those that follow included', async () => {
    let now = 0;
    const lines: string[] = [];
    const slow = { ...tuning, elapsed: () => now };
    // A second for each step of eight images, six of them in each of 20 epochs.
    const report = {
      ...keeping(lines),
      progress: (step: string) => {
        if (step === 'fine-tune') now += 1;
      },
    };
    const until = 90; // 30 for each of the two, and for the one that follows

    const judged = await tuneOnSplits(
      slow,
      data.judgement,
      heads,
      { ...budget, until },
      report,
      never,
    );

    expect(judged.outcome.stopped).toBe('budget');
    expect(now).toBeLessThanOrEqual(65);
    expect(now).toBeGreaterThan(40);
    expect(lines.filter((line) => /schedule is shortened/.test(line))).toHaveLength(2);
    judged.student?.dispose();
  });

  it('keeps the checkpoints of all of them, and needs no epoch again', async () => {
    const lines: string[] = [];
    const first = await tuneOnSplits(tuning, data.judgement, heads, budget, quiet, never);

    const again = await tuneOnSplits(tuning, data.judgement, heads, budget, keeping(lines), never);

    expect(again.predictions).toEqual(first.predictions);
    expect(lines).toEqual([]);
    expect((await readdir(tuning.checkpoints)).map((name) => name.slice(0, 17)).sort()).toEqual([
      'fine-tune-split0-',
      'fine-tune-split1-',
    ]);
    first.student?.dispose();
    again.student?.dispose();
  });
});
