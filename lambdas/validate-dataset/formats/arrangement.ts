import type { LeftOut } from '#core/left-out.ts';
import type { Problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { classProblems, emptyClasses } from './class-problems.ts';

export type Part = 'train' | 'validation' | 'test';

/** A file with its class, as a reader of a format found it. */
export interface Placed {
  file: DatasetFile;
  className: string;
  split?: Part; // on all files, or on none
}

/** What a reader of a format makes of an upload. */
export interface Reading {
  format: string; // its short name
  taken: string; // what the upload was taken for, in words that continue "Taken for "
  placed: Placed[];
  leftOut: { path: string; rule: string }[];
  problems?: Problem[];
  warnings?: Problem[];
}

/** A dataset as it will be trained. */
export interface Arrangement {
  format: string;
  taken: string;
  classes: { name: string; examples: number }[]; // sorted by code point
  examples: { file: DatasetFile; label: number; split?: Part }[]; // a label is an index into `classes`
  splits?: Record<Part, number>; // examples in each part, if the dataset is divided
  leftOut: LeftOut[];
  problems: Problem[];
  warnings: Problem[];
}

/** The classes and examples of a reading, with everything that is wrong with them. */
export function arranged(
  { placed, format, taken, problems = [], warnings = [] }: Reading,
  leftOut: LeftOut[],
  emptyFolders: readonly string[],
): Arrangement {
  const byClass = new Map<string, Placed[]>();
  for (const each of placed) {
    const name = each.className.normalize('NFC'); // macOS writes names decomposed
    const ofClass = byClass.get(name);
    if (ofClass) ofClass.push(each);
    else byClass.set(name, [each]);
  }
  const names = [...byClass.keys()].sort();
  const classes = names.map((name) => ({ name, examples: byClass.get(name)?.length ?? 0 }));
  const examples = names.flatMap((name, label) =>
    (byClass.get(name) ?? []).map(({ file, split }) => ({ file, label, ...(split && { split }) })),
  );
  const isDivided = placed.some(({ split }) => split !== undefined);
  const inTrain = (name: string) =>
    (byClass.get(name) ?? []).filter(({ split }) => split === undefined || split === 'train')
      .length;
  return {
    format,
    taken,
    classes,
    examples,
    ...(isDivided && { splits: countsOf(placed) }),
    leftOut,
    problems: [...problems, ...classProblems(classes, inTrain)],
    warnings: [...warnings, ...emptyClasses(emptyFolders, names)],
  };
}

function countsOf(placed: readonly Placed[]): Record<Part, number> {
  const counts = { train: 0, validation: 0, test: 0 };
  for (const { split = 'train' } of placed) counts[split] += 1;
  return counts;
}
