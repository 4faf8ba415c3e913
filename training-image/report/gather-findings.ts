import { at } from '#core/at.ts';
import type { Copies } from '../data/find-copies.ts';
import { type Answer, isRight } from '../evaluate/answers.ts';
import { confusionMatrix } from '../evaluate/class-metrics.ts';
import type { NamedExamples } from '../evaluate/tested-images.ts';
import { confusedPairs } from './confused-pairs.ts';
import { copyGroups } from './copy-groups.ts';
import { atCoverage, coverageCurve, thinned } from './coverage.ts';
import type { Examined } from './examine-answers.ts';
import type { Findings, ShownAnswer, ShownCopies, ShownPair } from './findings.ts';
import { reliability } from './reliability.ts';
import { openThumbnails, type PixelsOf } from './thumbnails.ts';

/** How many of each the page shows at most; chosen. */
const SHOWN = {
  mistakes: 24,
  doubtful: 12,
  pairs: 10,
  perPair: 6,
  suspects: 24,
  copies: 8,
  perCopy: 4,
};
const SHARES = [1, 0.95, 0.9, 0.8, 0.7, 0.5]; // of the images answered
const CURVE_POINTS = 150;
const SURE = 0.9; // chosen: a right answer with more confidence is no close call

/**
 * Finds what the report shows of single images, with the most important thumbnails first.
 *
 * @param px height and width of the student's images
 */
export async function gatherFindings(
  { examples, labels, classes }: NamedExamples & { labels: Int32Array },
  { answers, suspects, judged }: Examined,
  copies: Copies,
  pixelsOf: PixelsOf,
  px: number,
): Promise<Findings> {
  const thumbnails = openThumbnails(pixelsOf, px);

  const shownImage = async (example: number) => ({
    path: at(examples, example).path,
    thumbnail: await thumbnails.of(example),
  });
  const allShown = async (chosen: readonly Answer[]): Promise<ShownAnswer[]> => {
    const images: ShownAnswer[] = [];
    for (const { example, ...answer } of chosen)
      images.push({
        ...(await shownImage(example)),
        ...answer,
      });
    return images;
  };

  const wrong = answers.filter((each) => !isRight(each)).sort(bySurest);
  const right = answers.filter(isRight).sort(bySurest);
  const mistakes = await allShown(wrong.slice(0, SHOWN.mistakes));

  const shownSuspects = await allShown(suspects.slice(0, SHOWN.suspects));

  const confusion = confusionMatrix(
    Int32Array.from(answers, ({ label }) => label),
    Int32Array.from(answers, ({ predicted }) => predicted),
    classes.length,
  );
  const pairs: ShownPair[] = [];
  const frequent = confusedPairs(confusion).filter(({ aForB, bForA }) => aForB + bForA > 1);
  for (const pair of frequent.slice(0, SHOWN.pairs)) {
    const { a, b } = pair;
    const isOfPair = ({ label, predicted }: Answer) =>
      (label === a && predicted === b) || (label === b && predicted === a);
    const typical = [a, b].flatMap((label) => right.find((each) => each.label === label) ?? []);
    pairs.push({
      ...pair,
      mistakes: await allShown(wrong.filter(isOfPair).slice(0, SHOWN.perPair)),
      typical: await allShown(typical),
    });
  }

  const groups = copyGroups(copies, labels);
  const shownCopies: ShownCopies[] = [];
  for (const { examples: members, isExact } of groups.slice(0, SHOWN.copies)) {
    const images: ShownCopies['images'] = [];
    for (const example of someOf(members, labels))
      images.push({ ...(await shownImage(example)), label: at(labels, example) });
    shownCopies.push({ isExact, images, more: members.length - images.length });
  }

  const unsure = right.filter(({ confidence }) => confidence < SURE).reverse();
  const doubtful = await allShown(unsure.slice(0, SHOWN.doubtful));
  const curve = coverageCurve(answers);
  const confidences = answers.reduce((sum, { confidence }) => sum + confidence, 0);
  return {
    coverage: thinned(curve, CURVE_POINTS),
    thresholds: [...new Set(SHARES.flatMap((share) => atCoverage(curve, share) ?? []))],
    reliability: reliability(answers),
    meanConfidence: answers.length === 0 ? 0 : confidences / answers.length,
    mistakes,
    doubtful,
    pairs,
    suspects: {
      judged,
      count: suspects.length,
      shown: shownSuspects,
    },
    copies: {
      groups: groups.length,
      images: groups.reduce((sum, group) => sum + group.examples.length, 0),
      conflicts: groups.filter((group) => group.classes > 1).length,
      shown: shownCopies,
    },
    missing: thumbnails.missing(),
  };
}

const bySurest = (a: Answer, b: Answer): number => b.confidence - a.confidence;

/** Of a large group, one image of each class comes first. */
function someOf(members: readonly number[], labels: Int32Array): number[] {
  const firsts = new Map<number, number>(); // by class
  for (const i of members) if (!firsts.has(at(labels, i))) firsts.set(at(labels, i), i);
  const chosen = new Set([...firsts.values(), ...members]);
  return [...chosen].slice(0, SHOWN.perCopy);
}
