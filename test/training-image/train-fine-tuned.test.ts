import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StudentCard } from '#core/card.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { MODEL_FILE } from '#core/teacher.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { type Files, type JobRequest, layOutJob } from '#examples/job-folder.ts';
import { ENTRY_FILE } from '#teachers/import-teacher.ts';
import { WEIGHTS_FILE } from '#teachers/layers-model.ts';
import { createReporter } from '#training-image/job/reporter.ts';
import { train } from '#training-image/train.ts';
import { tintedClasses } from './images.ts';
import { never } from './quiet.ts';
import { BLOCKS, smallTeacher } from './small-teacher.ts';

let root: string;
let teacher: JobRequest['teacher'];
let files: Files;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-fine-tune-'));
  const folder = join(root, 'teacher');
  // Of two blocks: the last features are all that a head can be given, and leave something to gain.
  const entry = { ...(await smallTeacher(folder)), blockOutputs: ['block3', `block${BLOCKS}`] };
  await writeFile(join(folder, ENTRY_FILE), JSON.stringify(entry));
  teacher = { folder, entry };
  files = await tintedClasses([24, 24, 24], 0.3);
});
afterAll(() => rm(root, { recursive: true, force: true }));

let jobs = 0;
async function trained(recipe: object) {
  const folders = await layOutJob(join(root, `job${++jobs}`), {
    ...{ form: 'zip', files, teacher, recipe },
  } as JobRequest);
  const lines: string[] = [];
  const report = createReporter((line) => lines.push(line));
  await train(folders, new Map([[teacher.entry.name, teacher.entry]]), report, never);
  const text = await readFile(join(folders.model, 'student.json'), 'utf8');
  return { folders, lines, card: StudentCard.parse(JSON.parse(text)) };
}

/** The bytes of all weights of a layers-model, by name. */
async function weightsIn(folder: string): Promise<Map<string, string>> {
  const [json, bytes] = await Promise.all(
    [MODEL_FILE, WEIGHTS_FILE].map((name) => readFile(join(folder, name))),
  );
  const artifacts = modelArtifacts((name) => (name === MODEL_FILE ? json : bytes) as Buffer);
  let at = 0;
  return new Map(
    (artifacts.weightSpecs ?? []).map(({ name, shape }) => {
      const size = 4 * shape.reduce((product, each) => product * each, 1);
      at += size;
      return [
        name,
        Buffer.from(artifacts.weightData as ArrayBuffer, at - size, size).toString('hex'),
      ];
    }),
  );
}
const modelIn = ({ model }: MlFolder) => join(model, 'model');

describe('a training that fine-tunes', () => {
  it.each([
    ['blocks:1', 3], // the first three of what is one block here stay frozen
    ['full', 0],
  ] as const)(
    'ships a student of %s that beats the head alone, and leaves frozen weights bit-identical',
    { timeout: 120_000 },
    async (regime, frozenBlocks) => {
      const { card, folders, lines } = await trained({ regime, augmentation: 'none' });

      expect(card.freezePlan).toMatchObject({ requested: regime, used: regime });
      expect(card.freezePlan.why).toMatch(
        /images that neither learned from, fine-tuning classified .*% correctly, the head alone .*%/,
      );
      const { validation } = card.metrics;
      expect(validation.accuracy).toBeGreaterThanOrEqual(validation.headOnly.accuracy);
      expect(card.fineTuning?.validation?.accuracy).toBe(validation.accuracy);
      expect(card.fineTuning?.validation?.crossEntropy).toBeCloseTo(validation.crossEntropy, 4);
      // Once for each fold, and then on all images.
      expect(card.metrics.test).toMatchObject({ method: 'cross-validation', n: 72 });
      expect(card.fineTuning).toMatchObject({ splits: 5 });
      expect(card.refit).toBe(true);
      const epochs = card.fineTuning?.epochs ?? 0;
      expect(lines.filter((line) => line.startsWith('epoch='))).toHaveLength(6 * epochs);

      const [before, after] = [await weightsIn(teacher.folder), await weightsIn(modelIn(folders))];
      let frozen = 0;
      for (const [name, bytes] of before) {
        const block = Number(/^block(\d)/.exec(name)?.[1] ?? (name.startsWith('stem') ? 1 : 0));
        if (name.startsWith('classifier')) continue;
        const isTrained = block > frozenBlocks && !name.includes('moving');
        if (!isTrained) frozen += 1;
        expect({ name, isAsBefore: after.get(name) === bytes }).toEqual({
          name,
          isAsBefore: !isTrained,
        });
      }
      // The moving averages of what is trained; the stem, and blocks of 5, 5 and 10 weights.
      expect(frozen).toBe(regime === 'full' ? 22 : 7 * 2 + 1 + 5 + 5 + 10);
      expect(card.freezePlan.trainedParameters + card.freezePlan.frozenParameters).toBe(
        [...after.values()].reduce((sum, hex) => sum + hex.length / 8, 0),
      );
    },
  );
});
