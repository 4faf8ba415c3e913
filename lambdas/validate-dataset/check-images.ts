import { setImmediate as nextTurn } from 'node:timers/promises';
import { MISSING_AT_MOST } from '#core/image-faults.ts';
import { type ImageKind, imageKind, isFault } from '#core/image-kinds.ts';
import { type Problem, problem } from '#core/problem.ts';
import {
  type DatasetFile,
  FIRST_BYTES,
  HEAD_BYTES,
  type ImageFault,
  LAST_BYTES,
} from './dataset-files.ts';
import { imageEnd } from './image-end.ts';
import { imageProblem, isCutOff, problemWith } from './image-header.ts';

const CONCURRENT_READS = 32; // S3 serves thousands, a small Lambda tens
const IMAGES_PER_TURN = 200; // other requests are answered in between

export interface CheckedImages {
  problems: Problem[]; // in the order of the files
  warnings: Problem[];
}

/** The problems of images as far as their first and last bytes show them. */
export async function checkImages(files: readonly DatasetFile[]): Promise<CheckedImages> {
  const found: { at: number; problem: Problem }[] = [];
  const endless: number[] = []; // files without an end marker
  let next = 0;
  let turn = Promise.resolve(); // all readers wait for the same one: otherwise some would always go on

  /** Takes the next file until there is none: a promise per file would cost memory. */
  async function work(): Promise<void> {
    for (let at = next++; at < files.length; at = next++) {
      if (at % IMAGES_PER_TURN === 0) turn = nextTurn();
      await turn;
      const file = files[at];
      const fault = (file && (file.fault ?? (await imageFault(file)))) ?? 'none';
      if (fault === 'end missing') endless.push(at);
      else if (fault !== 'none') found.push({ at, problem: fault });
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENT_READS }, work));
  } finally {
    next = files.length; // after a failure, the other readers end too
  }
  const problems = found.sort((a, b) => a.at - b.at).map((each) => each.problem);
  const paths = endless.sort((a, b) => a - b).map((at) => files[at]?.path ?? '');
  return { problems, warnings: endWarnings(paths) };
}

/** What the first and last bytes of an image show. */
export async function imageFault(file: DatasetFile): Promise<ImageFault> {
  const first = await file.head(FIRST_BYTES);
  const isEnough = first.length < FIRST_BYTES || !isCutOff(first);
  const head = isEnough ? first : await file.head(HEAD_BYTES);
  const refusal = imageProblem(file.path, head, file.size);
  const kind = imageKind(head);
  if (refusal || isFault(kind)) return refusal ?? 'none';

  const end = imageEnd(kind, head, file.size, await tailOf(file, kind, head));
  if (end === 'whole' || end === 'end missing') return end === 'whole' ? 'none' : end;
  return problemWith(file.path, end);
}

/** The last bytes of an image, as many as show how it ends; other kinds show it in their first ones. */
async function tailOf(
  { size, tail }: DatasetFile,
  kind: ImageKind,
  head: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (head.length >= size) return head;
  if (kind !== 'JPEG' && kind !== 'PNG') return undefined;
  const last = await tail?.(LAST_BYTES);
  const isCutPng = kind === 'PNG' && last && !Buffer.from(last).includes('IEND');
  return isCutPng ? tail?.(HEAD_BYTES) : last; // the chunk that was cut says how much is missing
}

const NAMED = 3;

function endWarnings(paths: readonly string[]): Problem[] {
  const [first] = paths;
  if (first === undefined) return [];
  const more = paths.length - 1;
  const named = paths.slice(1, NAMED).join(', ');
  const others = more > 0 ? ` So do ${more} more: ${named}${more >= NAMED ? ', …' : ''}.` : '';
  const what = `The image lacks its end.${others}`;
  const remedy = `Look at it: the training uses it if at most ${100 * MISSING_AT_MOST}% of the picture is missing, and otherwise ends before it begins to learn.`;
  return [problem('IMAGE_END_MISSING', first, what, remedy)];
}
