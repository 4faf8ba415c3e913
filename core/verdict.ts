import { at } from './at.ts';
import type { StudentCard } from './card.ts';
import { count, percent } from './quantities.ts';
import { wilson95 } from './wilson-interval.ts';

/** What a person wants to know of a student first, in plain words. */
export interface Verdict {
  headline: string; // one sentence: the claim, with its evidence in parentheses
  claim: string; // without a full stop
  evidence: string; // empty if there is none
  details: readonly string[]; // a sentence each, the advice included
  advice: string; // what would help most; empty if nothing stands out
}

type Card = Pick<StudentCard, 'classes' | 'data' | 'metrics'>;

const NAMED = 3; // classes or pairs of classes, at most; chosen

/** How good a student is, how sure that is, where it is weak, and what would help. */
export function verdictOn(card: Card): Verdict {
  const { method, n, correct, interval95 } = card.metrics.test;
  const [low, high] = interval95;
  const how = method === 'hold-out' ? 'test images' : 'images, in cross-validation';
  const of = `${count(correct)} of ${count(n)} ${how}; 95% interval ${(100 * low).toFixed(1)}–${percent(high)}`;
  const claim =
    n === 0
      ? 'Not tested: there was no image to spare for it'
      : `Correct on ${percent(correct / n)} of images it had not seen`;
  const evidence = n === 0 ? '' : of;
  const help = advice(card);
  return {
    headline: evidence === '' ? `${claim}.` : `${claim} (${evidence}).`,
    claim,
    evidence,
    details: [baseline(card), weakest(card), confused(card), untested(card), help].filter(
      (sentence) => sentence !== '',
    ),
    advice: help,
  };
}

/** Compared with always giving the same answer. */
function baseline({ metrics }: Card): string {
  const { test, majorityBaseline, perClass } = metrics;
  const largest = [...perClass].sort((a, b) => b.n - a.n)[0];
  if (!largest || test.n === 0) return '';
  const always = `Always answering "${largest.name}" would be correct on ${percent(majorityBaseline)}`;
  if (test.interval95[0] > majorityBaseline) return `${always}.`;
  const { value, interval95 } = test.balancedAccuracy;
  return interval95[0] > 1 / perClass.length // of uneven classes, the rare ones count little above
    ? `${always}; but the student tells the classes apart: it recognises ${percent(value)} of each class on average.`
    : `${always}, so it is not clear that the student has learned anything: do not rely on it.`;
}

/** The tested classes of which the fewest images were recognised. */
function weakest({ metrics }: Card): string {
  const imperfect = metrics.perClass.filter(({ n, correct }) => correct < n);
  if (metrics.perClass.length < 3 || imperfect.length === 0) return '';
  const named = [...imperfect]
    .sort((a, b) => a.recall - b.recall || b.n - a.n)
    .slice(0, NAMED)
    .map(({ name, correct, n }) => `"${name}" (${count(correct)} of ${count(n)})`);
  return `Weakest ${named.length === 1 ? 'class' : 'classes'}: ${named.join(', ')}.`;
}

interface Confusion {
  is: string;
  takenFor: string;
  times: number;
}

function confused(card: Card): string {
  const named = confusions(card)
    .slice(0, NAMED)
    .map(
      ({ is, takenFor, times }) =>
        `"${is}" taken for "${takenFor}" (${times === 1 ? '1 image' : `${count(times)} images`})`,
    );
  return named.length === 0 ? '' : `Most confused: ${named.join(', ')}.`;
}

/** Pairs of classes, the most often confused first. */
export function confusions({ classes, metrics }: Card): Confusion[] {
  const found: Confusion[] = [];
  for (const [is, row] of metrics.confusion.entries()) {
    for (const [other, times] of row.entries()) {
      if (times > 0 && is !== other)
        // of thousands of classes, nearly all pairs are not confused
        found.push({ is: at(classes, is), takenFor: at(classes, other), times });
    }
  }
  return found.sort((a, b) => b.times - a.times);
}

function untested({ metrics }: Card): string {
  const names = metrics.perClass.filter(({ n }) => n === 0).map(({ name }) => `"${name}"`);
  if (names.length === 0 || names.length === metrics.perClass.length) return '';
  const more = names.length > NAMED ? ` and ${count(names.length - NAMED)} more` : '';
  return `Not tested, for lack of images: ${names.slice(0, NAMED).join(', ')}${more}.`;
}

const WIDE = 0.05; // half an interval; chosen: from here on, more images are worth more than anything else

/** What would help most: more images to measure by, or more of what is confused. */
function advice(card: Card): string {
  const { test, perClass } = card.metrics;
  if (test.n === 0) return '';
  const [low, high] = test.interval95;
  const more = moreImagesPerClass(card);
  if ((high - low) / 2 > WIDE && more > 0)
    return `About ${count(more)} more ${more === 1 ? 'image' : 'images'} per class would narrow the interval to ±${100 * WIDE} points, if the accuracy stays as it is.`;

  const errors = test.n - test.correct;
  const [worst] = confusions(card);
  if (worst && perClass.length > 2 && worst.times >= 3 && worst.times >= errors / 5)
    return `More images of "${worst.is}" and "${worst.takenFor}" would help most.`;
  return '';
}

/** The number of further images in each class for an interval of ± WIDE, if the accuracy stays as it is. */
function moreImagesPerClass({ classes, data, metrics }: Card): number {
  const { n, correct } = metrics.test;
  const isWide = (images: number) => {
    const [low, high] = wilson95((correct / n) * images, images);
    return (high - low) / 2 > WIDE;
  };
  let needed = n;
  while (isWide(needed)) needed += 1; // ends by 385 images: the interval is widest at one half
  const all = data.perClass.reduce(
    (sum, each) => sum + each.train + each.validation + each.test,
    0,
  );
  const more = ((needed - n) * all) / n / classes.length;
  return more > 20 ? 5 * Math.ceil(more / 5) : Math.ceil(more);
}
