import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudentCard } from '#core/card.ts';
import { CARD_FILE } from '#core/keys.ts';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import type { Places } from './set-up.ts';
import { sizedTeacher } from './sized-teacher.ts';
import { lastLineOf } from './start-contender.ts';
import { teacherChannel } from './teacher-channel.ts';

/** An image as a PNG, and its class: 0, 1, 2, … */
export interface LabelledPng {
  png: Buffer;
  label: number;
}

export interface Images {
  train: readonly LabelledPng[];
  test: readonly LabelledPng[];
}

/** How to train a student. */
export interface TrainingOptions {
  teacher: string; // a name, or "auto"
  px: number | 'auto';
  regime: string;
  seed: number;
  minutes: number; // the budget of our training; Keras has none
  split?: { validation: number; test: number }; // of the training images; Keras learns from all of them
}

/** A trained student and its accuracy. */
export interface Student {
  used: { teacher: string; px: number; regime: string };
  accuracy: number; // on the test images, as a fraction
  cpuSeconds: number; // of the whole training process, user and system
  seconds: number; // wall clock; for Keras the test included
}

export interface Setup {
  folder: string; // for temporary files
  places: Places;
  say(line: string): void;
}

/** Trains a student as a job of the real trainer, and tests the model that it saves. */
export async function trainOurs(
  { train, test }: Images,
  options: TrainingOptions,
  { folder, places, say }: Setup,
): Promise<Student> {
  const { teacher, px, regime, seed, minutes, split } = options;
  const files: Files = {};
  for (const [i, { png, label }] of train.entries()) files[`class-${label}/${i}.png`] = png;
  const root = join(folder, 'job');
  await rm(root, { recursive: true, force: true });
  const input = px === 'auto' ? {} : { input_px: px };
  const folders = await layOutJob(root, {
    form: 'folder',
    files,
    recipe: { teacher, regime, seed, ...input, ...(split && { split }) },
    teacher: await teacherChannel(teacher, folder, say),
    budgetSeconds: 60 * minutes,
  });

  const started = performance.now();
  const trained = await lastLineOf('contenders/train-student.ts', [root], places);
  const seconds = (performance.now() - started) / 1e3;

  const card = await readFile(join(folders.model, CARD_FILE), 'utf8');
  const { input: taken, freezePlan, teacher: used } = StudentCard.parse(JSON.parse(card));
  const images = await writeImages({ test }, taken.px, folder);
  const model = join(folders.model, 'model');
  const request = [model, images, String(taken.px)];
  const tested = await lastLineOf('contenders/test-student.ts', request, places);
  return {
    used: { teacher: used.name, px: taken.px, regime: freezePlan.used },
    accuracy: JSON.parse(tested).accuracy,
    cpuSeconds: JSON.parse(trained).cpuSeconds,
    seconds,
  };
}

/** Trains a student as a competent Keras script does, from the same weights and pixels, and tests it. */
export async function trainKeras(
  { train, test }: Images,
  { teacher, px, regime, seed }: TrainingOptions & { px: number },
  { folder, places, say }: Setup,
): Promise<Student> {
  const sized = await sizedTeacher(px, folder, say, teacher);
  const images = await writeImages({ train, test }, px, folder);
  const request = [sized.folder, images, String(px), regime, `--seed=${seed}`];
  const started = performance.now();
  const answer = JSON.parse(await lastLineOf('contenders/keras_student.py', request, places));
  const seconds = (performance.now() - started) / 1e3;
  const { accuracy, cpuSeconds } = answer;
  return { used: { teacher: sized.entry.name, px, regime }, accuracy, cpuSeconds, seconds };
}

/** Writes images as the trainer decodes them: uint8 [n, px, px, 3], and their classes. */
async function writeImages(parts: Partial<Images>, px: number, folder: string): Promise<string> {
  const into = join(folder, 'images');
  await mkdir(into, { recursive: true });
  for (const [part, images] of Object.entries(parts)) {
    const decoded: Buffer[] = [];
    for (const { png } of images) decoded.push(await decodeImage(png, px));
    await writeFile(join(into, `${part}.u8`), Buffer.concat(decoded));
    const labels = Uint8Array.from(images, ({ label }) => label);
    await writeFile(join(into, `${part}-labels.u8`), labels);
  }
  return into;
}
