import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';

export interface ClassFolders {
  classes: string[]; // sorted by code point
  examples: { file: DatasetFile; label: number }[];
  problems: Problem[];
}

const FEWEST_CLASSES = 2;
/** Fewer leave nothing to hold out; other tools ask for 5 too. */
const FEWEST_EXAMPLES = 5;
/** What operating systems and notebooks leave behind; never a image somebody meant. */
const JUNK =
  /(^|\/)(\.[^/]*|__[^/]*|Thumbs\.db|desktop\.ini)(\/|$)|(^|\/)(README|LICEN[CS]E)[^/]*$/i;
const ARCHIVE = /\.(zip|tar|tgz|gz|bz2|xz|7z|rar)$/i;
const SPLIT = /^(train|training|validation|valid|val|dev|test|testing|eval|evaluation)$/i;
const TRAIN = /^train(ing)?$/i;

/** `ROOT/<class>/…/<file>`: the first folder names the class; wrapping folders around all of it are seen through. */
export function readClassFolders(all: readonly DatasetFile[]): ClassFolders {
  const files = all.filter(({ path }) => !JUNK.test(path));
  const parts = files.map(({ path }) => path.split('/'));
  const root = depthOfRoot(parts);
  const problems: Problem[] = [];
  const byClass = new Map<string, DatasetFile[]>();

  for (const [i, file] of files.entries()) {
    const below = parts[i]?.slice(root) ?? [];
    const [name = ''] = below;
    if (ARCHIVE.test(file.path)) {
      problems.push(
        problem(
          'ARCHIVE_INSIDE',
          file.path,
          'An archive inside the dataset is not opened.',
          'Unpack it into class folders, or remove it.',
        ),
      );
    } else if (below.length < 2) {
      problems.push(
        problem(
          'NO_CLASS',
          file.path,
          'The file lies in no class folder.',
          'Move it into the folder of its class, or remove it.',
        ),
      );
    } else {
      byClass.set(name, [...(byClass.get(name) ?? []), file]);
    }
  }

  const classes = [...byClass.keys()].sort();
  const isSplit =
    classes.every((name) => SPLIT.test(name)) && classes.some((name) => TRAIN.test(name));
  if (classes.length > 0 && isSplit) {
    const what = `The top folders (${classes.join(', ')}) are parts of a split, not classes.`;
    problems.push(
      problem(
        'SPLIT_FOLDERS',
        'the dataset',
        what,
        'Put the class folders at the top; the split is made for you.',
      ),
    );
    return { classes, examples: [], problems };
  }

  problems.push(...classProblems(byClass, classes));
  const examples = classes.flatMap((name, label) =>
    (byClass.get(name) ?? []).map((file) => ({ file, label })),
  );
  return { classes, examples, problems };
}

/** How many folders wrap the class folders: as long as there is one single folder at the top and no file beside it. */
function depthOfRoot(paths: readonly string[][]): number {
  for (let depth = 0; ; depth++) {
    const tops = new Set(paths.map((path) => path[depth]));
    const onlyFolders = paths.length > 0 && paths.every((path) => path.length > depth + 2);
    if (tops.size !== 1 || !onlyFolders) return depth;
  }
}

function classProblems(byClass: ReadonlyMap<string, DatasetFile[]>, classes: string[]): Problem[] {
  const problems: Problem[] = [];
  if (classes.length < FEWEST_CLASSES) {
    const what =
      classes.length === 0
        ? 'There are no class folders.'
        : `There is one class only, "${classes[0]}".`;
    problems.push(
      problem(
        'TOO_FEW_CLASSES',
        'the dataset',
        what,
        'Make one folder for each class, at least two, and put its images into it.',
      ),
    );
  }
  const twins = new Map<string, string>();
  for (const name of classes) {
    const n = byClass.get(name)?.length ?? 0;
    if (n < FEWEST_EXAMPLES) {
      const what = `The class "${name}" has ${n} ${n === 1 ? 'image' : 'images'}; it needs ${FEWEST_EXAMPLES}.`;
      problems.push(
        problem('TOO_FEW_EXAMPLES', name, what, 'Add images to the class, or remove its folder.'),
      );
    }
    const folded = name.trim().normalize('NFC').toLowerCase();
    const twin = twins.get(folded);
    if (twin !== undefined) {
      const what = `The classes "${twin}" and "${name}" differ in case or spaces only.`;
      problems.push(
        problem(
          'CLASSES_ALIKE',
          name,
          what,
          'Put their images into one folder, or give them different names.',
        ),
      );
    }
    twins.set(folded, name);
  }
  return problems;
}
