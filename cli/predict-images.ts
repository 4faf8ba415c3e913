import { readFile } from 'node:fs/promises';
import type { LayersModel, Tensor2D } from '@tensorflow/tfjs';
import type { StudentCard } from '#core/card.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { noteOn } from '#training-image/data/image-notes.ts';
import { ImageRefused } from '#training-image/data/image-refused.ts';
import type { Library } from './library.ts';
import { loadStudent } from './load-student.ts';

export interface Prediction {
  image: string;
  note?: string; // how it was read, where that is not obvious; continues the sentence that the name begins
  label: string;
  probabilities: Record<string, number>; // by class, 0..1
}

/** An image that could not be read. */
export interface UnreadableImage {
  image: string;
  problem: string; // continues the sentence that the name begins
}

/** Classifies images with a student; they are decoded exactly as its training images were. */
export async function predictImages(
  library: Library,
  card: StudentCard,
  images: readonly string[],
): Promise<(Prediction | UnreadableImage)[]> {
  const student = await loadStudent(library, card);
  const predictions: (Prediction | UnreadableImage)[] = [];
  for (const image of images) {
    const pixels = await pixelsOf(image, card.input.px);
    if ('problem' in pixels) predictions.push(pixels);
    else {
      const note = pixels.note && { note: pixels.note };
      predictions.push({ image, ...note, ...classify(student, card, pixels.pixels) });
    }
  }
  student.dispose();
  return predictions;
}

export interface Decoded {
  pixels: Buffer;
  note: string | undefined;
}

/** Decodes one image for a student, or says why it cannot. */
export async function pixelsOf(image: string, px: number): Promise<Decoded | UnreadableImage> {
  try {
    const bytes = await readFile(image);
    return { pixels: await decodeImage(bytes, px), note: noteOn(bytes)?.what };
  } catch (error) {
    if (error instanceof ImageRefused) {
      return { image, problem: `${error.message}. ${error.fault.remedy}` };
    }
    const { code = '', message } = error as NodeJS.ErrnoException;
    return { image, problem: FILE_PROBLEMS[code] ?? message.split('\n')[0] ?? '' };
  }
}

const FILE_PROBLEMS: Record<string, string> = {
  ENOENT: 'does not exist.',
  EISDIR: 'is a folder. Give image files.',
  EACCES: 'may not be read by you.',
};

function classify(
  student: LayersModel,
  { classes, input, metrics }: StudentCard,
  pixels: Uint8Array,
) {
  const { temperature } = metrics.calibration;
  const probabilities = tf.tidy(() => {
    const image = tf.tensor4d(new Float32Array(pixels), [1, input.px, input.px, 3]);
    const logits = student.predictOnBatch(image) as Tensor2D;
    return tf.softmax(logits.div(temperature)).dataSync(); // [classes]
  });
  const best = probabilities.indexOf(Math.max(...probabilities));
  return {
    label: classes[best] ?? '',
    probabilities: Object.fromEntries(classes.map((name, i) => [name, probabilities[i] ?? 0])),
  };
}
