import { at } from '#core/at.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { partOf } from './split-names.ts';

/** What cameras, phones and tools call files: no labels. */
const NO_LABEL =
  /^(img|image|images|dsc|dscn|dscf|p|pic|picture|photo|foto|file|frame|screenshot|screen shot|scan|pxl|vid|gopr|untitled|download|unnamed|sample|example|new|copy|whatsapp image|n|id|im|i|part|crop|tile|patch|slide|page)$/i;

/** The label in a name such as `cat.0.jpg`, `dog_12.png` or `cat (3).jpg`; `undefined` if there is none. */
export function labelInName(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const stem = name.replace(/\.[A-Za-z0-9]{1,5}$/, '');
  const dotted = /^([^.]+)\.[^.].*$/.exec(stem)?.[1]; // Edge Impulse and Kaggle: up to the first dot
  const counted = /^(.*?)[ _.-]*\(?\d+\)?$/.exec(stem)?.[1];
  const label = (dotted ?? counted)?.replace(/[ _.-]+$/, '');
  return label !== undefined && /\p{L}/u.test(label) && label !== stem ? label : undefined;
}

/** The labels in the names of all images; `undefined` unless at least two repeat and every image has one. */
export function labelsInNames(files: readonly DatasetFile[]): string[] | undefined {
  const labels = files.map(({ path }) => labelInName(path));
  const counts = new Map<string, number>();
  for (const label of labels) {
    if (label === undefined) return undefined;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const repeated = [...counts].filter(([, files]) => files > 1);
  const isGeneric = [...counts.keys()].some(
    (label) => NO_LABEL.test(label) || partOf(label) !== undefined,
  );
  const areFew = counts.size * 2 <= files.length;
  return repeated.length >= 2 && areFew && !isGeneric
    ? labels.map((_, i) => at(labels, i) ?? '')
    : undefined;
}
