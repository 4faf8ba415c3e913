import { at } from '#core/at.ts';
import type { Manifest } from '#core/manifest.ts';
import { count } from '#core/quantities.ts';
import type { Recipe } from '#core/recipe.ts';
import {
  type ClassCounts,
  countClasses,
  requireEnough,
  untestedClasses,
} from '../data/class-counts.ts';
import type { Copies } from '../data/find-copies.ts';
import { splitExamples } from '../data/split-examples.ts';
import { TrainingRefused } from '../job/errors.ts';
import { countsOf, type Judgement, judgementFor, testedOf } from './judgement.ts';

export interface Division {
  judgement: Judgement;
  counts: ClassCounts; // as the card has them
  warnings: string[];
  isGiven: boolean; // the test part is that of the dataset's owner
}

/**
 * Divides the examples into those to learn from and those to judge students by.
 *
 * @param labels of all examples
 * @param copies which examples show the same; before the images are decoded, those with the same bytes
 * @throws TrainingRefused TOO_FEW_IMAGES; LABEL_CONFLICTS if more than one image in a hundred is in several classes
 */
export function divideExamples(
  { header: { classes }, examples }: Manifest,
  labels: Int32Array,
  { identities, groups }: Copies,
  { split, seed }: Recipe,
): Division {
  requireFewConflicts(classes, examples, identities);
  const drawn = splitExamples(
    examples.map((example, i) => ({
      contentSha256: at(identities, i),
      group: at(groups, i),
      label: example.label,
      given: example.split,
    })),
    split,
    seed,
  );
  const { parts, warnings } = drawn;
  const partCounts = countClasses(classes, labels, parts);
  requireEnough(partCounts);
  const isGiven = examples.some((example) => example.split === 'test');
  // Few images are not set aside for a test; they are judged by cross-validation.
  const judgement = judgementFor(groups, labels, parts, partCounts, seed, isGiven);
  const counts = countsOf(judgement, partCounts);
  const untested = untestedClasses(counts, testedOf(judgement, labels));
  const all = [...warnings, ...nearCopies(examples, identities, groups), ...untested];
  return { judgement, counts, warnings: all, isGiven };
}

/** A warning that names some of the images that look nearly the same as others, without being copies. */
function nearCopies(
  examples: Manifest['examples'],
  identities: readonly string[],
  groups: readonly string[],
): string[] {
  const alike = [...examples.keys()].filter((i) => groups[i] !== identities[i]);
  const [one] = alike;
  if (one === undefined) return [];
  const other = identities.indexOf(at(groups, one));
  const named = `${at(examples, one).path} and ${at(examples, other).path}`;
  const what =
    alike.length === 1
      ? '1 image looks nearly the same as another'
      : `${count(alike.length)} images look nearly the same as others`;
  return [`${what}, such as ${named}; they are kept on the same side of the split.`];
}

/** Chosen: a few mistakes are left out and told; with more, nobody knows which labels are right. */
const MAX_CONFLICTS = { share: 0.01, images: 5 };

function requireFewConflicts(
  classes: readonly string[],
  examples: Manifest['examples'],
  identities: readonly string[],
): void {
  const first = new Map<string, number>(); // the first example of each identity
  const files: { file: string; what: string }[] = [];
  for (const [i, { path, label }] of examples.entries()) {
    const known = first.get(at(identities, i));
    if (known === undefined) first.set(at(identities, i), i);
    const other = known === undefined ? undefined : at(examples, known);
    if (!other || other.label === label) continue;
    files.push({
      file: path,
      what: `shows the same as ${other.path} of "${classes[other.label]}"`,
    });
  }
  const limit = Math.max(MAX_CONFLICTS.images, MAX_CONFLICTS.share * examples.length);
  if (files.length <= limit) return;
  const [one] = files;
  const what = `${count(files.length)} images are in more than one class, such as ${one?.file}, which ${one?.what}.`;
  throw new TrainingRefused('LABEL_CONFLICTS', what, { files });
}
