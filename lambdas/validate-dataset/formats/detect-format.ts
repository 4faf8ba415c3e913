import { claimsImage, type LeftOut, leftOutBy, ruleAgainst } from '#core/left-out.ts';
import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { type Arrangement, arranged } from './arrangement.ts';
import { readFolders } from './folders.ts';
import { otherTask } from './other-tasks.ts';

export const OTHER_FILES_RULE = 'files that are no images by their names';

const ARCHIVE = /\.(zip|tar|tgz|gz|bz2|xz|7z|rar)$/i;
/** Files that lie beside images: notes, lists, sounds, programs. Whatever else there is must be an image. */
const NO_IMAGE =
  /\.(txt|md|rst|rtf|csv|tsv|jsonl?|ndjson|xml|ya?ml|toml|html?|css|pdf|docx?|odt|xlsx?|ods|pptx?|mp[34]|m4[av]|mov|avi|mkv|webm|wav|ogg|flac|log|ini|cfg|conf|py|ipynb|js|ts|sh|bat|exe|dll|lnk|url|npy|npz|mat|pkl|pth?|h5|onnx|tflite|pb|psd|xcf|ai|eps|db|sqlite|lst|manifest|names|data|cache|tmp|bak|part|crdownload)$/i;

/**
 * Finds out what an upload is: which files are examples of which class, and why every other file is none.
 *
 * @param emptyFolders paths of folders without any file
 */
export function detectFormat(
  files: readonly DatasetFile[],
  emptyFolders: readonly string[] = [],
): Arrangement {
  const leftOut: { path: string; rule: string }[] = [];
  const problems: Problem[] = [];
  const images: DatasetFile[] = [];
  const others: DatasetFile[] = [];
  for (const file of files) {
    const rule = ruleAgainst(file.path);
    if (rule !== undefined) leftOut.push({ path: file.path, rule });
    else if (ARCHIVE.test(file.path)) problems.push(archiveInside(file.path));
    else if (NO_IMAGE.test(file.path)) others.push(file);
    else images.push(file);
  }
  // Without a single image by its name, a text is likelier meant as one than as a note.
  const isOfImages = images.some(({ path }) => claimsImage(path)) || others.length === 0;
  const candidates = isOfImages ? images : [...images, ...others];
  if (isOfImages) leftOut.push(...others.map(({ path }) => ({ path, rule: OTHER_FILES_RULE })));

  const reading = readFolders(candidates);
  const task = otherTask(candidates, others);
  const all = [...(task ? [task] : []), ...problems, ...(reading.problems ?? [])];
  const out: LeftOut[] = leftOutBy([...leftOut, ...reading.leftOut]);
  return arranged(
    { ...reading, problems: all },
    out,
    classFoldersAmong(emptyFolders, reading.placed),
  );
}

function archiveInside(path: string): Problem {
  const what = 'Archives inside a dataset are not opened.';
  return problem('ARCHIVE_INSIDE', path, what, 'Unpack it into class folders, or remove it.');
}

/** Of the empty folders, the names of those beside folders of classes. */
function classFoldersAmong(
  emptyFolders: readonly string[],
  placed: readonly { file: DatasetFile; className: string }[],
): string[] {
  const parents = new Set(
    placed.flatMap(({ file, className }) => {
      const parts = file.path.split('/');
      const at = parts.lastIndexOf(className, parts.length - 2);
      return at < 0 ? [] : [parts.slice(0, at).join('/')];
    }),
  );
  return emptyFolders.flatMap((path) => {
    const parts = path.replace(/\/$/, '').split('/');
    const name = parts.pop() ?? '';
    return parents.has(parts.join('/')) && ruleAgainst(`${name}/x`) === undefined ? [name] : [];
  });
}
