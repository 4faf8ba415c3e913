import * as z from 'zod';
import { mcnemarP } from './mcnemar.ts';
import type { PredictionRow } from './predictions-csv.ts';
import { count } from './quantities.ts';

const Before = z.object({ number: z.int().positive(), version: z.string() });

/**
 * A student beside the version before it, on the images that both were tested on: neither had learned from them when it
 * classified them, whatever was trained afterwards.
 */
export const VersionComparison = z.union([
  z.object({
    with: Before,
    n: z.int().positive(), // images that both were tested on
    correct: z.int().nonnegative(), // of them, by this version
    correctBefore: z.int().nonnegative(),
    p: z.number().min(0).max(1), // of McNemar's exact test
  }),
  z.object({
    with: Before,
    whyNot: z.string(), // the end of a sentence: `v1 has other classes`
  }),
]);
export type VersionComparison = z.output<typeof VersionComparison>;

/** How two students did on the images that both were tested on. */
export interface SharedTest {
  n: number;
  correct: number; // by the present student
  correctBefore: number;
  p: number;
}

/** The answers of the version before, by the sha256 of the image. */
export type AnswersBefore = Map<string, { predicted: string }>;

/**
 * Collects the answers of the version before. Digests are kept as 32 characters, half their size in hex: there may be
 * 200,000.
 */
export async function answersBefore(rows: AsyncIterable<PredictionRow>): Promise<AnswersBefore> {
  const names = new Map<string, { predicted: string }>(); // one object per class
  const answers: AnswersBefore = new Map();
  for await (const { predicted, sha256 } of rows) {
    let answer = names.get(predicted);
    if (!answer) {
      answer = { predicted: Buffer.from(predicted).toString() }; // a copy: the text may keep its file in memory
      names.set(answer.predicted, answer);
    }
    answers.set(short(sha256), answer);
  }
  return answers;
}

/**
 * Counts what both students got right of the images that they share, by the labels that those have now. Copies of an
 * image count once.
 *
 * @param before loses the shared images
 */
export async function compareAnswers(
  rows: AsyncIterable<PredictionRow>,
  before: AnswersBefore,
): Promise<SharedTest> {
  let [n, correct, correctBefore, onlyNow, onlyBefore] = [0, 0, 0, 0, 0];
  for await (const { label, predicted, sha256 } of rows) {
    const answer = before.get(short(sha256));
    if (!answer) continue;
    before.delete(short(sha256));
    const [isRight, wasRight] = [predicted === label, answer.predicted === label];
    n += 1;
    if (isRight) correct += 1;
    if (wasRight) correctBefore += 1;
    if (isRight && !wasRight) onlyNow += 1;
    if (wasRight && !isRight) onlyBefore += 1;
  }
  return { n, correct, correctBefore, p: mcnemarP(onlyNow, onlyBefore) };
}

const short = (sha256: string): string => Buffer.from(sha256, 'hex').toString('latin1');

const SIGNIFICANT = 0.05;

/** `v2: 37 of 40; v1 on the same 40 images: 35. That may be chance (p = 0.5).` */
export function comparisonInWords(number: number, comparison: VersionComparison): string {
  const before = `v${comparison.with.number}`;
  if ('whyNot' in comparison) return `Not compared with ${before}: ${comparison.whyNot}.`;
  const { n, correct, correctBefore, p } = comparison;
  const images = n === 1 ? 'image' : `${count(n)} images`;
  const counts = `v${number}: ${count(correct)} of ${count(n)}; ${before} on the same ${images}: ${count(correctBefore)}.`;
  if (correct === correctBefore) return counts;
  return p < SIGNIFICANT
    ? `${counts} That is unlikely to be chance (${pInWords(p)}).`
    : `${counts} That may be chance (${pInWords(p)}).`;
}

/** Two digits, as small as 0.001. */
const pInWords = (p: number): string =>
  p < 0.001 ? 'p < 0.001' : `p = ${Number(p.toPrecision(2))}`;
