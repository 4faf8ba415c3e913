import { at } from '#core/at.ts';

/** A class of the teacher, and its mean probability over some images. */
export interface TeacherClass {
  name: string;
  probability: number;
}

/**
 * What the teacher takes the images of each new class for: the classes with the highest mean probability.
 *
 * @param logits the teacher's, [n, c] row by row; n ≥ 1
 * @param labels [n], 0 to classes - 1
 * @param names of the teacher's classes, in the order of its logits; a missing one is called "class 7"
 * @param count how many classes to name
 * @returns for each new class, from the most probable one on; nothing for a class without images
 */
export function nearestTeacherClasses(
  logits: Float32Array,
  labels: Int32Array,
  classes: number,
  names: readonly string[],
  count = 3,
): TeacherClass[][] {
  const c = logits.length / labels.length;
  const sums = Array.from({ length: classes }, () => new Float64Array(c));
  const sizes = new Int32Array(classes);
  for (const [i, label] of labels.entries()) {
    addSoftmax(logits.subarray(i * c, (i + 1) * c), at(sums, label));
    sizes[label] = at(sizes, label) + 1;
  }
  return sums.map((sum, label) => {
    const n = at(sizes, label);
    if (n === 0) return [];
    return Array.from(sum.keys())
      .sort((a, b) => at(sum, b) - at(sum, a))
      .slice(0, count)
      .map((k) => ({ name: names[k] ?? `class ${k}`, probability: at(sum, k) / n }));
  });
}

function addSoftmax(logits: Float32Array, into: Float64Array): void {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  for (const [k, value] of exponentials.entries()) into[k] = at(into, k) + value / total;
}
