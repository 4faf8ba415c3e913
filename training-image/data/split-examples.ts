import { sha256 } from '#core/identity.ts';

export type Part = 'train' | 'validation' | 'test';

export interface Split {
  /** For each example its part; `undefined` where the same image stands in two classes and is left out. */
  parts: (Part | undefined)[];
  warnings: string[];
}

/**
 * Stratified by class and decided by content: the same image lands in the same part whatever else is uploaded
 * beside it being renamed or reordered, and copies of a image are never on two sides of the split.
 *
 * @param examples content hash (hex) and label of each example
 * @param fractions of each class that go to validation and test; at least one image each where a class has three
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
  const contradictory = (content: string): boolean => (labelsOf.get(content)?.size ?? 0) > 1;

  const partOf = new Map<string, Part>();
  const classes = new Set(examples.map(({ label }) => label));
  for (const label of classes) {
    const contents = new Set(
      examples.filter((each) => each.label === label).map(({ contentSha256 }) => contentSha256),
    );
    const usable = [...contents].filter((content) => !contradictory(content));
    assign(usable, fractions, seed, partOf);
  }

  const parts = examples.map(({ contentSha256 }) => partOf.get(contentSha256));
  return { parts, warnings: warningsOf(examples, labelsOf) };
}

/** In the order of a seeded hash, so that neither names nor the order of the upload decide. */
function assign(
  contents: readonly string[],
  fractions: { validation: number; test: number },
  seed: number,
  partOf: Map<string, Part>,
): void {
  const drawn = contents
    .map((content) => ({ content, draw: sha256(`${seed}|${content}`) }))
    .sort((a, b) => (a.draw < b.draw ? -1 : 1));
  const held = (fraction: number): number =>
    drawn.length < 3 ? 0 : Math.max(1, Math.round(fraction * drawn.length));
  const test = held(fractions.test);
  const validation = held(fractions.validation);

  for (const [rank, { content }] of drawn.entries()) {
    partOf.set(content, rank < test ? 'test' : rank < test + validation ? 'validation' : 'train');
  }
}

function warningsOf(
  examples: readonly { contentSha256: string }[],
  labelsOf: ReadonlyMap<string, Set<number>>,
): string[] {
  const warnings: string[] = [];
  const copies = examples.length - labelsOf.size;
  const contradictory = [...labelsOf.values()].filter((labels) => labels.size > 1).length;
  if (copies > 0)
    warnings.push(
      `${copies} of the images are copies of others; copies stay on one side of the split.`,
    );
  if (contradictory > 0) {
    warnings.push(`${contradictory} of the images stand in more than one class and were left out.`);
  }
  return warnings;
}
