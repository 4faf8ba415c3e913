import type { Split } from './reading.ts';
import { partOf } from './split-names.ts';

/** Names of columns, without spaces and punctuation, the most telling first. */
const PATH = [
  ...[
    'filename',
    'filepath',
    'filepaths',
    'filenames',
    'file',
    'fname',
    'image',
    'images',
    'imagepath',
    'imagefile',
  ],
  ...[
    'imagefilename',
    'imagename',
    'imageid',
    'imageindex',
    'imageurl',
    'imageuri',
    'imagegcsuri',
    'img',
    'imgpath',
  ],
  ...[
    'imgid',
    'imgname',
    'path',
    'paths',
    'relpath',
    'relativepath',
    'uri',
    'url',
    'picture',
    'photo',
    'sourceref',
  ],
  ...['id', 'name', 'key', 'x'],
];
const LABEL = [
  ...[
    'label',
    'labels',
    'labelname',
    'class',
    'classname',
    'classlabel',
    'target',
    'category',
    'categoryname',
  ],
  ...[
    'species',
    'breed',
    'tag',
    'tags',
    'choice',
    'diagnosis',
    'dx',
    'findinglabels',
    'truth',
    'groundtruth',
    'y',
  ],
  ...['annotation', 'disease', 'variety', 'type', 'labelid', 'classid', 'classindex', 'categoryid'],
];
const SPLIT = [
  'split',
  'splits',
  'set',
  'subset',
  'partition',
  'isvalid',
  'dataset',
  'usage',
  'part',
  'mluse',
  'phase',
];
const BOX = [
  'xmin',
  'ymin',
  'xmax',
  'ymax',
  'bbox',
  'bboxes',
  'boundingbox',
  'boxes',
  'x1',
  'y1',
  'bboxx',
];
const MASK = ['encodedpixels', 'rle', 'mask', 'maskpath', 'segmentation', 'maskrle'];
const REWARD = ['reward', 'rewards', 'return', 'returns', 'returntogo'];
const ACTION = ['action', 'actions', 'observation', 'observations', 'obs', 'state', 'nextstate'];
const TEXT = [
  'text',
  'sentence',
  'review',
  'message',
  'caption',
  'tweet',
  'question',
  'content',
  'document',
];

const MAX_NAME = 64; // characters; no known name is longer

const folded = (name: string): string =>
  name
    .slice(0, MAX_NAME)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
function among(names: readonly string[], header: readonly string[]): number[] {
  const cells = header.map(folded);
  return names.flatMap((name) => cells.flatMap((cell, i) => (cell === name ? [i] : [])));
}

/** Indices of columns by their names, the most telling first. */
export const pathColumns = (header: readonly string[]): number[] => among(PATH, header);
export const labelColumns = (header: readonly string[]): number[] => among(LABEL, header);
export const splitColumn = (header: readonly string[]): number | undefined =>
  among(SPLIT, header)[0];
export const isId = (name: string): boolean =>
  /^(unnamed\d*|index|idx|no|nr|row|)$/.test(folded(name));

/** The task of a table whose columns are of no use for classifying images. */
export function otherTask(
  header: readonly string[],
): 'detection' | 'segmentation' | 'text' | 'pixels' | 'reinforcement-learning' | undefined {
  if (among(REWARD, header).length > 0 && among(ACTION, header).length > 0)
    return 'reinforcement-learning';
  if (among(BOX, header).length > 0) return 'detection';
  if (among(MASK, header).length > 0) return 'segmentation';
  if (header.filter((name) => /^(pixel)?\d+(x\d+)?$/i.test(name.trim())).length > 100)
    return 'pixels';
  const hasImages = pathColumns(header).some(
    (i) => !['id', 'name', 'key', 'x'].includes(folded(header[i] ?? '')),
  );
  return among(TEXT, header).length > 0 && !hasImages ? 'text' : undefined;
}

/** The part that a cell names; `unassigned` and the like name none. */
export function splitInCell(cell: string, header: string | undefined): Split | undefined {
  if (header !== undefined && folded(header) === 'isvalid') {
    return /^(true|1|yes)$/i.test(cell.trim()) ? 'validation' : 'train';
  }
  const part = partOf(cell);
  return part === 'predict' ? undefined : part;
}

export const isSplitCell = (cell: string): boolean =>
  partOf(cell) !== undefined || /^unassigned$/i.test(cell.trim());
