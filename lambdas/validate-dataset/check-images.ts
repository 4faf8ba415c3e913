import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Problem } from '#core/problem.ts';
import { type DatasetFile, FIRST_BYTES, HEAD_BYTES } from './dataset-files.ts';
import { imageProblem, isCutOff } from './image-header.ts';

const CONCURRENT_READS = 32; // S3 serves thousands, a small Lambda tens
const IMAGES_PER_TURN = 200; // other requests are answered in between

/** The problems of images as far as their first bytes show them, in the order of the files. */
export async function checkImages(files: readonly DatasetFile[]): Promise<Problem[]> {
  const found: { at: number; problem: Problem }[] = [];
  let next = 0;
  let turn = Promise.resolve(); // all readers wait for the same one: otherwise some would always go on

  /** Takes the next file until there is none: a promise per file would cost memory. */
  async function work(): Promise<void> {
    for (let at = next++; at < files.length; at = next++) {
      if (at % IMAGES_PER_TURN === 0) turn = nextTurn();
      await turn;
      const file = files[at];
      const problem = file && (await problemOf(file));
      if (problem) found.push({ at, problem });
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENT_READS }, work));
  } finally {
    next = files.length; // after a failure, the other readers end too
  }
  return found.sort((a, b) => a.at - b.at).map(({ problem }) => problem);
}

async function problemOf(file: DatasetFile): Promise<Problem | undefined> {
  const first = await file.head(FIRST_BYTES);
  const isEnough = first.length < FIRST_BYTES || !isCutOff(first);
  return imageProblem(file.path, isEnough ? first : await file.head(HEAD_BYTES), file.size);
}
