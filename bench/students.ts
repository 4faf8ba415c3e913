import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudentCard } from '#core/card.ts';
import { CARD_FILE } from '#core/keys.ts';
import { type Files, layOutJob } from '#examples/job-folder.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import type { Places } from './set-up.ts';
import { sizedTeacher } from './sized-teacher.ts';
import { lastLineOf } from './start-contender.ts';

/** An image as a PNG, and its class: 0, 1, 2, … */
export interface LabelledPng {
  png: Buffer;
  label: number;
}

export interface Images {
  train: readonly LabelledPng[];
  test: readonly LabelledPng[];
}

/** How a student is to be trained. */
export interface Request {
  teacher: string; // its name, or "auto"
  px: number | 'auto';
  regime: string;
  seed: number;
  minutes: number; // for the training; Keras takes as long as it takes
  split?: { validation: number; test: number }; // of the given images; Keras learns from all of them
}

/** A student that was trained and asked. */
export interface Student {
  used: { teacher: string; px: number; regime: string };
  accuracy: number; // on the test images, as a fraction
  cpuSeconds: number; // of the whole process that trained it, user and system
  seconds: number;
}

/** What students are made with. */
export interface Workshop {
  folder: string; // for files on the way
  places: Places;
  say(line: string): void;
}

/** Trains a student as a whole job of the trainer, and asks the model it saved. */
export async function trainOurs(
  { train, test }: Images,
  request: Request,
  { folder, places, say }: Workshop,
): Promise<Student> {
  const { teacher, px, regime, seed, minutes, split } = request;
  const files: Files = {};
  for (const [i, { png, label }] of train.entries()) files[`class-${label}/${i}.png`] = png;
  const root = join(folder, 'job');
  await rm(root, { recursive: true, force: true });
  const folders = await layOutJob(root, {
    form: 'folder',
    files,
    recipe: { regime, seed, ...(split && { split }) },
    teacher: await sizedTeacher(teacher, px, folder, say),
    budgetSeconds: 60 * minutes,
  });

  const started = performance.now();
  const trained = await lastLineOf('contenders/train-student.ts', [root], places);
  const seconds = (performance.now() - started) / 1e3;

  const card = await readFile(join(folders.model, CARD_FILE), 'utf8');
  const { input, freezePlan, teacher: used } = StudentCard.parse(JSON.parse(card));
  const images = await writeImages({ test }, input.px, folder);
  const model = join(folders.model, 'model');
  const options = [model, images, String(input.px)];
  const tested = await lastLineOf('contenders/test-student.ts', options, places);
  return {
    used: { teacher: used.name, px: input.px, regime: freezePlan.used },
    accuracy: JSON.parse(tested).accuracy,
    cpuSeconds: JSON.parse(trained).cpuSeconds,
    seconds,
  };
}

/** Trains a student as a competent script in Keras does, from the same weights, on the same pixels. */
export async function trainKeras(
  { train, test }: Images,
  { teacher, px: size, regime, seed }: Request,
  { folder, places, say }: Workshop,
): Promise<Student> {
  const sized = await sizedTeacher(teacher, size, folder, say);
  const { px } = sized.entry.input;
  const images = await writeImages({ train, test }, px, folder);
  const options = [sized.folder, images, String(px), regime, `--seed=${seed}`];
  const started = performance.now();
  const answer = JSON.parse(await lastLineOf('contenders/keras_student.py', options, places));
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
