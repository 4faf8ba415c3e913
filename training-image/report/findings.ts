import type { Belief } from '../evaluate/answers.ts';
import type { CoveragePoint } from './coverage.ts';
import type { ReliabilityBin } from './reliability.ts';

/** An image as the page shows it. */
export interface ShownImage {
  path: string; // within the dataset
  thumbnail: string | undefined; // a data URI; none if the image cannot be shown
}

/** An image with what the student takes it for. Classes are indices. */
export interface ShownAnswer extends ShownImage {
  label: number;
  predicted: number;
  confidence: number;
  ofLabel: number; // the probability of the label
  best: readonly Belief[]; // the most probable classes, in order
}

/** Two classes that are taken for each other, with some of the images. */
export interface ShownPair {
  a: number;
  b: number;
  aForB: number; // images of a that were taken for b
  bForA: number;
  mistakes: ShownAnswer[];
  typical: ShownAnswer[]; // one of each class that was recognised, if there is any
}

export interface ShownCopies {
  isExact: boolean; // the very same pixels, rather than nearly the same
  images: (ShownImage & { label: number })[]; // some of them
  more: number; // that are not shown
}

/** What the report says beyond the card: computed from the answers for single images, with thumbnails. */
export interface Findings {
  coverage: CoveragePoint[]; // a thinned curve
  thresholds: CoveragePoint[]; // of a few shares of the images
  reliability: ReliabilityBin[];
  meanConfidence: number; // of the answers in the test
  mistakes: ShownAnswer[]; // the most confident first
  doubtful: ShownAnswer[]; // right, but the least confident
  pairs: ShownPair[]; // that are confused more than once
  suspects: { judged: number; count: number; shown: ShownAnswer[] };
  copies: { groups: number; images: number; conflicts: number; shown: ShownCopies[] };
  missing: number; // thumbnails that were left out, or whose images are gone
}
