import { isPrintable } from '#core/printable.ts';
import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from './dataset-files.ts';
import type { Labelled, Split } from './formats/reading.ts';
import { THRESHOLDS } from './thresholds.ts';

export interface ClassCount {
  name: string;
  examples: number;
  /** Of a given split. */
  parts?: Record<Split, number>;
}

export interface JudgedClasses {
  classes: ClassCount[]; // sorted by code point
  examples: { file: DatasetFile; label: number; split?: Split }[]; // a label is an index into `classes`
  problems: Problem[];
  warnings: Problem[];
}

/** Numbers the classes, and says what is wrong with them, in the whole and in each part of a given split. */
export function judgeClasses(labelled: readonly Labelled[]): JudgedClasses {
  const byClass = new Map<string, Labelled[]>();
  for (const each of labelled) {
    const label = each.label.normalize('NFC'); // two ways to write the same "é" are one class
    const same = byClass.get(label);
    if (same) same.push(each);
    else byClass.set(label, [each]);
  }
  const isSplit = labelled.some(({ split }) => split !== undefined);
  const names = [...byClass.keys()].sort();
  const classes = names.map((name): ClassCount => {
    const own = byClass.get(name) ?? [];
    return { name, examples: own.length, ...(isSplit && { parts: countParts(own) }) };
  });
  const examples = names.flatMap((name, label) =>
    (byClass.get(name) ?? []).map(({ file, split }) => ({
      file,
      label,
      ...(isSplit && { split: split ?? 'train' }),
    })),
  );
  const similar = similarNames(names);
  const problems = [
    ...countProblems(classes, new Set(similar.map(({ where }) => where))),
    ...unusableNames(names),
    ...similar,
    ...(isSplit ? untrained(classes) : []),
  ];
  return {
    classes,
    examples,
    problems,
    warnings: [...hiddenClasses(classes), ...(isSplit ? unjudged(classes) : [])],
  };
}

function countParts(labelled: readonly Labelled[]): Record<Split, number> {
  const parts = { train: 0, validation: 0, test: 0 };
  for (const { split = 'train' } of labelled) parts[split] += 1;
  return parts;
}

/** @param alike classes that are probably another one, misspelt: their images are enough together, or will be told again */
function countProblems(classes: readonly ClassCount[], alike: ReadonlySet<string>): Problem[] {
  const { minClasses, maxClasses, minExamples } = THRESHOLDS;
  const problems: Problem[] = [];
  const [first] = classes;
  if (classes.length < minClasses) {
    const what = first
      ? `There is only one class, "${first.name}".`
      : 'There are no class folders.';
    const remedy = 'Make one folder per class, at least two, and put the images into them.';
    problems.push(problem('TOO_FEW_CLASSES', 'the dataset', what, remedy));
  }
  if (classes.length > maxClasses) {
    const what = `There are ${classes.length} classes; the limit is ${maxClasses}.`;
    const remedy = `Merge classes, or split the dataset into several of at most ${maxClasses} classes.`;
    problems.push(problem('TOO_MANY_CLASSES', 'the dataset', what, remedy));
  }
  for (const { name, examples } of classes) {
    if (examples >= minExamples || alike.has(name)) continue;
    const hidden = isHidden(name) ? ` ${HIDDEN}` : '';
    const what = `The class "${name}" has ${examples} ${examples === 1 ? 'image' : 'images'}; the minimum is ${minExamples}.${hidden}`;
    const remedy = `Add images to the class, or remove ${isHidden(name) ? 'the folder' : 'it'}.`;
    problems.push(problem('TOO_FEW_EXAMPLES', name, what, remedy));
  }
  return problems;
}

const HIDDEN = 'Its name begins with a dot, so that file managers do not show the folder.';
const isHidden = (name: string): boolean => name.startsWith('.');

function hiddenClasses(classes: readonly ClassCount[]): Problem[] {
  return classes
    .filter(({ name, examples }) => isHidden(name) && examples >= THRESHOLDS.minExamples)
    .map(({ name }) => {
      const what = `"${name}" is taken for a class. ${HIDDEN}`;
      return problem('HIDDEN_CLASS', name, what, 'Remove the folder if it is no class.');
    });
}

/** Class names are lines of `labels.txt`, and cells of tables in terminals and pages. */
function unusableNames(names: readonly string[]): Problem[] {
  return names
    .filter((name) => name.trim() === '' || !isPrintable(name))
    .map((name) => {
      const why = name.trim() === '' ? 'is empty' : 'contains a control character';
      const what = `The name of the class "${name}" ${why}.`;
      return problem('CLASS_NAME', name, what, 'Rename it.');
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
      const remedy = `Move all images of "${name}" into "${other}" if they are one class; otherwise give them names that differ in more.`;
      problems.push(problem('CLASSES_ALIKE', name, what, remedy));
    }
    known.set(folded, name);
  }
  return problems;
}

/** Classes that would be asked for in the test, but never taught. */
const untrained = (classes: readonly ClassCount[]): Problem[] =>
  classes
    .filter(({ parts }) => parts?.train === 0)
    .map(({ name }) => {
      const what = `The class "${name}" has no image in the training part of the given split.`;
      const remedy = 'Add images of it to the training part, or remove the class from the others.';
      return problem('CLASS_NOT_IN_TRAIN', name, what, remedy);
    });

/** Classes about which the given parts say nothing. */
function unjudged(classes: readonly ClassCount[]): Problem[] {
  return (['validation', 'test'] as const).flatMap((part) => {
    if (classes.every(({ parts }) => parts?.[part] === 0)) return [];
    return classes
      .filter(({ parts }) => parts?.[part] === 0)
      .map(({ name }) => {
        const what = `The class "${name}" has no image in the ${part} part of the given split.`;
        const remedy = 'Add images of it there, or the report says nothing about the class.';
        return problem('CLASS_NOT_IN_PART', name, what, remedy);
      });
  });
}
