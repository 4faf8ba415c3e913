import type { DatasetFile } from '../dataset-files.ts';
import type { ListText } from './reading.ts';
import { partOf } from './split-names.ts';

/** Finds the file that a list means; `ambiguous` if several fit equally well. */
export type FindListed = (
  reference: string,
  list: ListText['file'],
) => DatasetFile | 'ambiguous' | undefined;

/** Lists name files relative to themselves, to the dataset, in a bucket, or without folder or extension. */
export function findListed(images: readonly DatasetFile[]): FindListed {
  const byPath = new Map<string, DatasetFile>();
  const byName = new Map<string, DatasetFile[]>();
  const byStem = new Map<string, DatasetFile[]>();
  for (const file of images) {
    byPath.set(file.path, file);
    const name = nameOf(file.path);
    add(byName, name.toLowerCase(), file);
    add(byStem, stemOf(name).toLowerCase(), file);
  }

  return (reference, list) => {
    const path = cleaned(reference);
    if (path === '') return undefined;
    const folder = list.path.slice(0, list.path.lastIndexOf('/') + 1);
    const exact = byPath.get(folder + path) ?? byPath.get(path);
    if (exact) return exact;
    const name = nameOf(path).toLowerCase();
    const withoutHash = name.replace(/^[0-9a-f]{8}-/, ''); // Label Studio puts it before the names of uploads
    const found = byName.get(name) ?? byStem.get(name) ?? byName.get(withoutHash);
    return found && nearest(found, path, list.path);
  };
}

function add(index: Map<string, DatasetFile[]>, key: string, file: DatasetFile): void {
  const known = index.get(key);
  if (known) known.push(file);
  else index.set(key, [file]);
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const stemOf = (name: string): string => nameOf(name).replace(/\.[A-Za-z0-9]{1,5}$/, '');

/** Without the bucket or host, with slashes, without `./`. */
function cleaned(reference: string): string {
  return reference
    .trim()
    .replaceAll('\\', '/')
    .replace(/^azureml:\/\/.*?\/paths\//, '')
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*\//i, '')
    .replace(/[?#].*$/, '')
    .replace(/^(\.?\/)+/, '')
    .normalize('NFC');
}

/** The one with the most folders in common at the end; else in the part that the list is about, such as `train.csv`. */
function nearest(
  found: readonly DatasetFile[],
  path: string,
  list: string,
): DatasetFile | 'ambiguous' | undefined {
  const [only, ...others] = found;
  if (!only || others.length === 0) return only;
  const wanted = path.split('/').slice(0, -1).reverse();
  const common = found.map((file) => {
    const own = file.path.split('/').slice(0, -1).reverse();
    const differ = wanted.findIndex((folder, i) => folder !== own[i]);
    return differ < 0 ? wanted.length : differ;
  });
  const most = Math.max(...common);
  const best = found.filter((_, i) => common[i] === most);
  if (best.length === 1) return best[0];
  const part = partOf(stemOf(list));
  const folder = list.slice(0, list.lastIndexOf('/') + 1);
  const near = best.filter(
    (file) =>
      (folder !== '' && file.path.startsWith(folder)) ||
      (part !== undefined && file.path.split('/').some((each) => partOf(each) === part)),
  );
  return near.length === 1 ? near[0] : 'ambiguous';
}
