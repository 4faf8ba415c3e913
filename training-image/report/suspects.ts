import { at } from '#core/at.ts';
import { csvRow } from '#core/csv.ts';
import { type Answer, isRight } from '../evaluate/answers.ts';
import type { NamedExamples } from '../evaluate/tested-images.ts';

const LEAST = 0.5; // chosen: a class of which the student is hardly ever sure gives no reason to doubt a label

/**
 * Answers that contradict a label with at least the confidence that images of the predicted class have on average: the
 * label may be wrong (confident learning; Northcutt, Jiang & Chuang, JAIR 70 (2021)). The least likely labels come first.
 *
 * @param answers for images that the student has not learned from
 */
export function suspectLabels(answers: readonly Answer[], classes: number): Answer[] {
  const sums = Array.from({ length: classes }, () => ({ n: 0, ofLabel: 0 }));
  for (const { label, ofLabel } of answers) {
    const own = at(sums, label);
    own.n += 1;
    own.ofLabel += ofLabel;
  }
  const thresholds = sums.map(({ n, ofLabel }) =>
    n === 0 ? Number.POSITIVE_INFINITY : Math.max(LEAST, ofLabel / n),
  );
  return answers
    .filter((answer) => !isRight(answer) && answer.confidence >= at(thresholds, answer.predicted))
    .sort((a, b) => a.ofLabel - b.ofLabel || b.confidence - a.confidence);
}

const COLUMNS = ['file', 'class', 'suggested', 'confidence', 'confidence_in_class', 'sha256'];

/** `suspects.csv`: images whose label may be wrong, the least likely labels first. */
export const suspectsCsv = (
  { examples, contents, classes }: NamedExamples,
  suspects: readonly Answer[],
): string =>
  [
    COLUMNS,
    ...suspects.map(({ example, label, predicted, confidence, ofLabel }) => [
      at(examples, example).path,
      at(classes, label),
      at(classes, predicted),
      confidence.toFixed(4),
      ofLabel.toFixed(4),
      at(contents, example),
    ]),
  ]
    .map(csvRow)
    .join('');
