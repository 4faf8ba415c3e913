import type { DatasetFile } from '../dataset-files.ts';
import { stemOf } from './find-listed.ts';
import { judgeRows } from './judge-rows.ts';
import { type List, withNames } from './lists.ts';
import type { ListedRow } from './read-table.ts';
import type { ListText, Reading } from './reading.ts';

/** Fields with the class, the most telling first: a number says less than a name. */
const LABEL_FIELDS = [
  ...['class_name', 'classname', 'label_name', 'category_name', 'label', 'class', 'cls'],
  ...['category', 'target', 'class_id', 'label_id'],
];
const USED = 'labels of the images beside them, and were used';

/** The labels in a text beside an image: all of a `.cls`, or a field of a `.json`; `undefined` if it has none. */
function labelsIn({ file, text }: ListText): string[] | undefined {
  if (/\.cls$/i.test(file.path)) return text.trim() === '' ? undefined : [text.trim()];
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields !== 'object' || fields === null) return undefined;
    const known = new Map(Object.entries(fields).map(([key, value]) => [key.toLowerCase(), value]));
    const value: unknown = LABEL_FIELDS.map((field) => known.get(field)).find(
      (each) => each !== undefined && each !== null,
    );
    const labels = (Array.isArray(value) ? value : [value]).filter(
      (label) => typeof label === 'string' || typeof label === 'number',
    );
    return labels.length > 0 ? labels.map(String) : undefined;
  } catch {
    return undefined;
  }
}

/** The files with the labels, if most images have one beside them: `.cls` before `.json`; undefined if they have none. */
export function labelFiles(
  sidecars: readonly DatasetFile[],
  images: number,
): { ending: '.cls' | '.json'; files: DatasetFile[] } | undefined {
  for (const ending of ['.cls', '.json'] as const) {
    const files = sidecars.filter(({ path }) => path.toLowerCase().endsWith(ending));
    if (files.length > 0 && files.length * 2 >= images) return { ending, files };
  }
  return undefined;
}

/** Whether texts beside images, of which a few were read, give labels. */
export const giveLabels = (sample: readonly ListText[]): boolean =>
  sample.length > 0 && sample.every((text) => labelsIn(text) !== undefined);

/**
 * Labels in a file beside each image, `0001.jpg` and `0001.cls` or `0001.json`, as in the tars of webdataset.
 *
 * @param texts of the files with the labels
 * @param names of numbered classes, if there are any
 */
export function readWebdataset(
  ending: '.cls' | '.json',
  texts: readonly ListText[],
  images: readonly DatasetFile[],
  names: readonly string[] | undefined,
): Reading {
  const byStem = new Map(images.map((file) => [pathStem(file.path), file]));
  const rows = texts.map((text): ListedRow => {
    const { path } = text.file;
    return { reference: path, file: byStem.get(pathStem(path)), labels: labelsIn(text) ?? [] };
  });
  const [any] = texts;
  const pattern = `*${ending}`;
  const file: DatasetFile = {
    path: pattern,
    size: 0,
    record: {},
    head: any ? any.file.head : () => Promise.resolve(new Uint8Array()),
  };
  const list: List = {
    file,
    kind: 'a webdataset, with the label of each image in a file beside it',
    format: 'webdataset',
    rows,
  };
  const reading = judgeRows(withNames([list], names), images);
  const used = texts.map((each) => ({ file: each.file, rule: USED }));
  return { ...reading, used: [], leftOut: [...reading.leftOut, ...used] };
}

const pathStem = (path: string): string =>
  `${path.slice(0, path.lastIndexOf('/') + 1)}${stemOf(path)}`;
