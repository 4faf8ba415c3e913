import { isPrintable } from '#core/printable.ts';
import { type Problem, problem } from '#core/problem.ts';

const MIN_CLASSES = 2;
/** The card has a confusion matrix, and the evaluation resamples it: both grow with the square of the classes. */
const MAX_CLASSES = 1_000;
/** Chosen: with fewer images, almost nothing could be held out for validation and testing. */
const MIN_EXAMPLES = 5;

interface ClassCount {
  name: string;
  examples: number;
}

/**
 * @param classes in order
 * @param trainedOn images of a class that the student may learn from
 */
export function classProblems(
  classes: readonly ClassCount[],
  trainedOn: (name: string) => number,
): Problem[] {
  const names = classes.map(({ name }) => name);
  return [...countProblems(classes, trainedOn), ...unusableNames(names), ...similarNames(names)];
}

/** Folders without images at the place of the classes: their owner may have meant them as classes. */
export const emptyClasses = (
  emptyFolders: readonly string[],
  names: readonly string[],
): Problem[] =>
  emptyFolders
    .filter((name) => !names.includes(name.normalize('NFC')))
    .map((name) => {
      const what = `The folder "${name}" has no images, so there is no such class.`;
      return problem('CLASS_EMPTY', name, what, 'Put images into it, or remove it.');
    });

function countProblems(
  classes: readonly ClassCount[],
  trainedOn: (name: string) => number,
): Problem[] {
  const problems: Problem[] = [];
  const [first] = classes;
  if (classes.length < MIN_CLASSES) {
    const what = first
      ? `There is only one class, "${first.name}".`
      : 'There are no class folders.';
    const remedy = 'Make one folder per class, at least two, and put the images into them.';
    problems.push(problem('TOO_FEW_CLASSES', 'the dataset', what, remedy));
  }
  if (classes.length > MAX_CLASSES) {
    const what = `There are ${classes.length} classes; the limit is ${MAX_CLASSES}.`;
    const remedy = `Merge classes, or split the dataset into several of at most ${MAX_CLASSES} classes.`;
    problems.push(problem('TOO_MANY_CLASSES', 'the dataset', what, remedy));
  }
  for (const { name, examples } of classes) {
    const learned = trainedOn(name);
    if (learned >= MIN_EXAMPLES) continue;
    const images = `${learned} ${learned === 1 ? 'image' : 'images'}`;
    const where = learned === examples ? '' : ' to learn from, in the training part';
    const what = `The class "${name}" has ${images}${where}; the minimum is ${MIN_EXAMPLES}.`;
    const remedy = 'Add images to the class, or remove it.';
    problems.push(problem('TOO_FEW_EXAMPLES', name, what, remedy));
  }
  return problems;
}

/** Class names are lines of `labels.txt`, and cells of tables in terminals and pages. */
function unusableNames(names: readonly string[]): Problem[] {
  return names
    .filter((name) => name.trim() === '' || !isPrintable(name))
    .map((name) => {
      const why = name.trim() === '' ? 'is empty' : 'contains a control character';
      const what = `The name of the class "${name}" ${why}.`;
      return problem('CLASS_NAME', name, what, 'Rename the class.');
    });
}

function similarNames(names: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const known = new Map<string, string>(); // by the folded name
  for (const name of names) {
    const folded = name.trim().normalize('NFC').toLowerCase();
    const other = known.get(folded);
    if (other !== undefined) {
      const what = `The classes "${other}" and "${name}" differ only in case or spaces.`;
      const remedy = 'Put their images into one class, or give them different names.';
      problems.push(problem('CLASSES_ALIKE', name, what, remedy));
    }
    known.set(folded, name);
  }
  return problems;
}
