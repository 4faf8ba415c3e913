import { at } from '#core/at.ts';
import type { TestedImage } from '#core/predictions-csv.ts';
import type { Answer } from './answers.ts';

/** The examples of a job, in the order of the manifest. */
export interface NamedExamples {
  examples: readonly { path: string }[];
  contents: readonly string[]; // a sha256 per example
  classes: readonly string[];
}

/** The answers of a student with the names of images and classes. */
export const testedImages = (
  { examples, contents, classes }: NamedExamples,
  answers: readonly Answer[],
): TestedImage[] =>
  answers.map(({ example, label, predicted, confidence }) => ({
    file: at(examples, example).path,
    label: at(classes, label),
    predicted: at(classes, predicted),
    confidence,
    sha256: at(contents, example),
  }));
