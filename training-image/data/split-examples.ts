import { sha256 } from '#core/identity.ts';

export type Part = 'train' | 'validation' | 'test';

export interface Split {
  /** The part of each example; `undefined` if the same image is in two classes and therefore left out. */
  parts: (Part | undefined)[];
  warnings: string[];
}

/**
 * Splits the examples, stratified by class. The same upload always gives the same split: neither file names nor the
 * order of the upload matter, only the bytes. Copies of an image are always in the same part. An image's part depends
 * on its rank among all images of its class, so adding images can move others.
 *
 * @param examples content hash (hex) and label of each example
 * @param fractions of each class for validation and test; at least one image each for a class of three or more
 */
export function splitExamples(
  examples: readonly { contentSha256: string; label: number }[],
  fractions: { validation: number; test: number },
  seed: number,
): Split {
  const labelsOf = new Map<string, Set<number>>();
  for (const { contentSha256, label } of examples) {
    labelsOf.set(contentSha256, (labelsOf.get(contentSha256) ?? new Set()).add(label));
  }
  const contentsOf = new Map<number, string[]>(); // by class, without copies and contradictions
  for (const [content, labels] of labelsOf) {
    const [label, ...others] = labels;
    if (label === undefined || others.length > 0) continue;
    const contents = contentsOf.get(label) ?? [];
    contents.push(content);
    contentsOf.set(label, contents);
  }

  const partOf = new Map<string, Part>();
  for (const contents of contentsOf.values()) assign(contents, fractions, seed, partOf);

  const parts = examples.map(({ contentSha256 }) => partOf.get(contentSha256));
  return { parts, warnings: warningsOf(examples.length, labelsOf) };
}

/** The indices of the examples of a part, in order. */
export const indicesOf = (parts: readonly (Part | undefined)[], part: Part): Int32Array =>
  Int32Array.from([...parts.keys()].filter((i) => parts[i] === part));

/** Ranks the images of a class by a seeded hash; the first ones are held out. */
function assign(
  contents: readonly string[],
  fractions: { validation: number; test: number },
  seed: number,
  partOf: Map<string, Part>,
): void {
  const ranked = contents
    .map((content) => ({ content, draw: sha256(`${seed}|${content}`) }))
    .sort((a, b) => (a.draw < b.draw ? -1 : 1));
  const countFor = (fraction: number): number =>
    ranked.length < 3 ? 0 : Math.max(1, Math.round(fraction * ranked.length));
  const test = countFor(fractions.test);
  const validation = countFor(fractions.validation);

  for (const [rank, { content }] of ranked.entries()) {
    partOf.set(content, rank < test ? 'test' : rank < test + validation ? 'validation' : 'train');
  }
}

function warningsOf(examples: number, labelsOf: ReadonlyMap<string, Set<number>>): string[] {
  const copies = examples - labelsOf.size;
  const contradictory = [...labelsOf.values()].filter((labels) => labels.size > 1).length;
  const warnings: string[] = [];
  if (copies > 0) {
    warnings.push(
      copies === 1
        ? '1 image is a copy of another; copies are kept on the same side of the split.'
        : `${copies} images are copies of others; copies are kept on the same side of the split.`,
    );
  }
  if (contradictory > 0) {
    warnings.push(
      contradictory === 1
        ? '1 image is in more than one class and was left out.'
        : `${contradictory} images are in more than one class and were left out.`,
    );
  }
  return warnings;
}
