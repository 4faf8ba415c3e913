import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudentCard } from '#core/card.ts';
import { Recipe } from '#core/recipe.ts';
import type { LayersNetwork } from '#engine/network.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { type JobRequest, layOutJob } from '#examples/job-folder.ts';
import { lastFeatures } from '#training-image/features/feature-sets.ts';
import { loadTeacher } from '#training-image/features/load-teacher.ts';
import { type Tuning, tuneStudent } from '#training-image/fine-tune/tune-student.ts';
import { createReporter } from '#training-image/job/reporter.ts';
import { createRowFile } from '#training-image/storage/row-file.ts';
import { train } from '#training-image/train.ts';
import { randomBytes, randomFloats } from '../../random.ts';
import { tintedClasses } from '../images.ts';
import { never, quiet } from '../quiet.ts';
import { BLOCKS, SMALL_PX, smallTeacher } from '../small-teacher.ts';

let root: string;
let teacher: JobRequest['teacher'];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-fine-tune-'));
  const folder = join(root, 'teacher');
  teacher = { folder, entry: await smallTeacher(folder) };
});
afterAll(() => rm(root, { recursive: true, force: true }));

const CLASSES = 3;
const EXAMPLES = 24;

/** A fine-tuning of the small teacher on noise. */
async function tuningOf(retrained: number, augmentation: Recipe['augmentation']): Promise<Tuning> {
  const [scratch, checkpoints] = ['scratch', 'checkpoints'].map((name) =>
    join(root, `${retrained}-${augmentation}`, name),
  ) as [string, string];
  for (const folder of [scratch, checkpoints]) await mkdir(folder, { recursive: true });
  const size = SMALL_PX * SMALL_PX * 3;
  const decoded = await createRowFile(join(scratch, 'images.u8'), size);
  await decoded.write(0, randomBytes(EXAMPLES * size));
  const { entry, folder } = teacher;
  return {
    teacher: await loadTeacher(folder, entry),
    set: lastFeatures(entry.features.layer, entry.features.size),
    retrained,
    recipe: Recipe.parse({ augmentation }),
    rate: 1,
    epochs: 1 / 10,
    flip: true,
    decoded,
    labels: Int32Array.from({ length: EXAMPLES }, (_, i) => i % CLASSES),
    weigh: () => new Array<number>(CLASSES).fill(1),
    scratch,
    checkpoints,
    cacheKey: [],
    elapsed: () => 0,
  };
}

/** The bytes of all weights of a network, by name. */
function weightsOf({ weightSpecs, weights }: Pick<LayersNetwork, 'weightSpecs' | 'weights'>) {
  let at = 0;
  return new Map(
    weightSpecs.map(({ name, shape }) => {
      const size = 4 * shape.reduce((product, each) => product * each, 1);
      at += size;
      return [name, Buffer.from(weights.buffer, at - size, size).toString('hex')];
    }),
  );
}

describe('a fine-tuning', () => {
  it.each([
    [2, 'none'],
    [2, 'auto'],
    [BLOCKS, 'auto'],
  ] as const)(
    'of %i blocks with augmentation %s leaves frozen weights bit-identical, and changes all others',
    async (retrained, augmentation) => {
      const tuning = await tuningOf(retrained, augmentation);
      const d = tuning.set.groups[0]?.layers[0]?.size ?? 0;
      const head = {
        scaling: { mean: new Float32Array(d), deviation: new Float32Array(d).fill(1) },
        kernel: randomFloats(d * CLASSES, 1),
        bias: new Float32Array(CLASSES),
      };
      const indices = Int32Array.from({ length: EXAMPLES }, (_, i) => i);
      const split = { train: indices.subarray(4), heldOut: indices.subarray(0, 4) };

      const { student, outcome } = await tuneStudent(
        ...([tuning, 'only', split, head, 1e6, quiet, never] as const),
      );

      if (!student) return expect.unreachable(outcome.stopped);
      const before = await weightsInModel(tuning);
      const after = weightsOf(student.network);
      for (const [name, bytes] of before) {
        const block = Number(/^block(\d)/.exec(name)?.[1] ?? (name.startsWith('stem') ? 1 : 0));
        if (name.startsWith('classifier')) continue;
        const isTrained = block > BLOCKS - retrained && !name.includes('moving');
        expect({ name, isAsBefore: after.get(name) === bytes }).toEqual({
          name,
          isAsBefore: !isTrained,
        });
      }
      const changed = [...after].filter(([name, bytes]) => before.get(name) !== bytes);
      const parameters = changed.reduce((sum, [, hex]) => sum + hex.length / 8, 0);
      const scaling = 2 * d; // the moving averages in the head
      expect(student.trainedParameters).toBe(parameters - scaling);
      student.dispose();
      tuning.teacher.model.dispose();
      await tuning.decoded.close();
    },
  );

  it('is reported on the card, and leaves no tensor behind', { timeout: 120_000 }, async () => {
    const files = await tintedClasses([20, 20, 20], 0.1);
    const request = { form: 'zip', files, teacher, recipe: { regime: 'blocks:2' } } as const;
    const folders = await layOutJob(join(root, 'job'), request);
    const lines: string[] = [];
    const before = tf.memory().numTensors;

    const entries = new Map([[teacher.entry.name, teacher.entry]]);
    await train(
      folders,
      entries,
      createReporter((line) => lines.push(line)),
      never,
    );

    expect(tf.memory().numTensors).toBe(before);
    const text = await readFile(join(folders.model, 'student.json'), 'utf8');
    const { freezePlan, fineTuning } = StudentCard.parse(JSON.parse(text));
    expect(['blocks:2', 'head-only']).toContain(freezePlan.used);
    expect(freezePlan.why).toMatch(/fine-tuning classified .*% correctly, the head alone .*%/);
    expect(fineTuning?.regime).toBe('blocks:2');
    expect(lines.filter((line) => line.startsWith('epoch=1 ')).length).toBeGreaterThan(0);
  });
});

/** The weights of the teacher as tfjs loaded them. */
async function weightsInModel({ teacher: { model } }: Tuning): Promise<Map<string, string>> {
  return new Map(
    model.weights.map((weight) => {
      const values = weight.read().dataSync() as Float32Array;
      const { buffer, byteOffset, byteLength } = values;
      return [weight.originalName, Buffer.from(buffer, byteOffset, byteLength).toString('hex')];
    }),
  );
}
