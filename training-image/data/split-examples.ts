import { sha256 } from '#core/identity.ts';
import { count } from '#core/quantities.ts';

export type Part = 'train' | 'validation' | 'test';

/** What a split depends on. */
export interface SplitExample {
  contentSha256: string; // hex; of two examples with the same content, one is a copy of the other
  group?: string; // examples that look alike; that of its content, if left out
  label: number;
  given?: Part | undefined; // the part that the dataset's owner has put it into
}

export interface Split {
  /** The part of each example; `undefined` for those that are left out, with a warning. */
  parts: (Part | undefined)[];
  warnings: string[];
}

interface Fractions {
  validation: number;
  test: number;
}

/**
 * Splits the examples, stratified by class. The same upload always gives the same split: neither file names nor the
 * order of the upload matter, only the bytes. Copies of an image, and images that look alike, are always in the same
 * part. An image's part depends on its rank among all images of its class, so adding images can move others.
 *
 * A dataset that its owner has divided is used as it is. Parts that it lacks are drawn from its training part, and
 * training and validation images that are also in the test part are left out.
 *
 * @param fractions of each class for validation and test; at least one image each for a class of three or more
 */
export function splitExamples(
  examples: readonly SplitExample[],
  fractions: Fractions,
  seed: number,
): Split {
  const labelsOf = new Map<string, Set<number>>();
  for (const { contentSha256, label } of examples) {
    const labels = labelsOf.get(contentSha256);
    if (labels) labels.add(label);
    else labelsOf.set(contentSha256, new Set([label]));
  }
  const isUsable = ({ contentSha256 }: SplitExample) => labelsOf.get(contentSha256)?.size === 1;
  const warnings = copyWarnings(examples.length, labelsOf);

  const isDivided = examples.some(({ given }) => given !== undefined);
  if (!isDivided) {
    const partOf = drawn(examples.filter(isUsable), fractions, seed);
    const parts = examples.map((each) => (isUsable(each) ? partOf.get(groupOf(each)) : undefined));
    return { parts, warnings };
  }

  const has = (part: Part) => examples.some(({ given }) => given === part);
  const missing = {
    validation: has('validation') ? 0 : fractions.validation,
    test: has('test') ? 0 : fractions.test,
  };
  const tested = groupsIn(examples, 'test');
  const validated = groupsIn(examples, 'validation');
  const isLeaked = (each: SplitExample) =>
    (each.given !== 'test' && tested.has(groupOf(each))) ||
    (each.given === 'train' && validated.has(groupOf(each)));
  const train = examples.filter(
    (each) => each.given === 'train' && isUsable(each) && !isLeaked(each),
  );
  const partOf = drawn(train, missing, seed);
  const parts = examples.map((each) => {
    if (!isUsable(each) || isLeaked(each)) return undefined;
    return each.given === 'train' ? partOf.get(groupOf(each)) : each.given;
  });
  warnings.push(...divisionWarnings(has, examples.filter(isLeaked).length));
  return { parts, warnings };
}

const groupOf = ({ group, contentSha256 }: SplitExample): string => group ?? contentSha256;

const groupsIn = (examples: readonly SplitExample[], part: Part): ReadonlySet<string> =>
  new Set(examples.filter(({ given }) => given === part).map(groupOf));

/** The indices of the examples of a part, in order. */
export const indicesOf = (parts: readonly (Part | undefined)[], part: Part): Int32Array =>
  Int32Array.from([...parts.keys()].filter((i) => parts[i] === part));

/** Ranks the groups of each class by a seeded hash; the first ones are held out. */
function drawn(
  examples: readonly SplitExample[],
  fractions: Fractions,
  seed: number,
): ReadonlyMap<string, Part> {
  const groupsOf = new Map<number, Set<string>>(); // by class
  for (const each of examples) {
    const groups = groupsOf.get(each.label);
    if (groups) groups.add(groupOf(each));
    else groupsOf.set(each.label, new Set([groupOf(each)]));
  }
  const partOf = new Map<string, Part>();
  for (const groups of groupsOf.values()) {
    const ranked = [...groups]
      .map((group) => ({ group, draw: sha256(`${seed}|${group}`) }))
      .sort((a, b) => (a.draw < b.draw ? -1 : 1));
    const test = countFor(fractions.test, ranked.length);
    const validation = countFor(fractions.validation, ranked.length);
    for (const [rank, { group }] of ranked.entries()) {
      if (partOf.has(group)) continue; // it has images of another class too
      partOf.set(group, rank < test ? 'test' : rank < test + validation ? 'validation' : 'train');
    }
  }
  return partOf;
}

const countFor = (fraction: number, groups: number): number =>
  fraction === 0 || groups < 3 ? 0 : Math.max(1, Math.round(fraction * groups));

function copyWarnings(examples: number, labelsOf: ReadonlyMap<string, Set<number>>): string[] {
  const copies = examples - labelsOf.size;
  const contradictory = [...labelsOf.values()].filter((labels) => labels.size > 1).length;
  const warnings: string[] = [];
  if (copies > 0) {
    warnings.push(
      copies === 1
        ? '1 image is a copy of another; copies are kept on the same side of the split.'
        : `${count(copies)} images are copies of others; copies are kept on the same side of the split.`,
    );
  }
  if (contradictory > 0) {
    warnings.push(
      contradictory === 1
        ? '1 image is in more than one class and was left out.'
        : `${count(contradictory)} images are in more than one class and were left out.`,
    );
  }
  return warnings;
}

function divisionWarnings(has: (part: Part) => boolean, leaked: number): string[] {
  const warnings: string[] = [];
  const missing = (['validation', 'test'] as const).filter((part) => !has(part));
  const rest =
    missing.length > 0
      ? `; images for ${missing.join(' and ')} were taken from its training part`
      : '';
  warnings.push(`The dataset’s own division into parts was used${rest}.`);
  if (leaked === 1)
    warnings.push('1 image to learn from is also in a part that is held out, and was left out.');
  if (leaked > 1) {
    warnings.push(
      `${count(leaked)} images to learn from are also in a part that is held out, and were left out: otherwise the accuracy would look better than it is.`,
    );
  }
  return warnings;
}
