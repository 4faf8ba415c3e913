import { junkRule } from '#core/junk.ts';
import type { DatasetFile } from '../dataset-files.ts';
import type { LeftOutFile } from './reading.ts';

/** Files of a dataset by what their names say; whether an image is one is decided by its bytes. */
export interface SortedFiles {
  images: DatasetFile[]; // and whatever may be one: names without an extension, unknown ones
  texts: DatasetFile[]; // may be lists or annotations
  containers: DatasetFile[]; // many examples in one file, by `containerOf`
  archives: DatasetFile[];
  leftOut: LeftOutFile[];
}

const ARCHIVE = /\.(zip|tar|tgz|tzst|gz|bz2|xz|zst|7z|rar)$/i;
const TEXT =
  /\.(txt|cls|csv|tsv|tab|json|jsonl|ndjson|manifest|lst|xml|ya?ml|names|data|labels)$|(^|\/)info\.labels$/i;
const NO_IMAGE =
  /\.(md|markdown|rst|html?|css|js|ts|py|ipynb|r|m|mat|sh|bat|exe|dll|so|log|pdf|docx?|xlsx?|ods|odt|rtf|pptx?|url|lnk|db|sqlite3?|ini|cfg|conf|toml|lock|cache|bak|tmp|part|crdownload|yml|aae|xmp|thm|json~|md5|sha1|sha256|sum)$/i;
const VIDEO_OR_SOUND = /\.(mp4|mov|avi|mkv|webm|m4v|mpe?g|wmv|3gp|mp3|wav|flac|ogg|m4a)$/i;

const CONTAINERS: [RegExp, string][] = [
  [
    /(^|\/)(train|t10k|test|emnist[^/]*)[^/]*-(images|labels)[-.]idx[13]-ubyte(\.gz)?$/i,
    'MNIST IDX',
  ],
  [/(^|\/)((data|test)_batch(_\d)?(\.bin)?|batches\.meta(\.txt)?)$/i, 'CIFAR batches'],
  [/\.(parquet|arrow|feather)$/i, 'Parquet or Arrow'],
  [/\.(tfrecords?|tfrec)(-\d+-of-\d+)?(\.gz)?$|\.tfrecords?-\d+-of-\d+$/i, 'TFRecord'],
  [/\.(npz|npy)$/i, 'NumPy'],
  [/\.(rec|idx)$/i, 'RecordIO'],
  [/\.mdb$/i, 'LMDB'],
  [/\.(h5|hdf5)$/i, 'HDF5'],
  [/\.(pkl|pickle|pt|pth)$/i, 'a Python pickle'],
  [/\.(dcm|dicom)$|(^|\/)dicomdir$/i, 'DICOM'],
  [/\.nii(\.gz)?$/i, 'NIfTI'],
  [/\.tm$/i, 'a Teachable Machine project'],
  [/\.lobe$/i, 'a Lobe project'],
];

/** The name of the format that holds many examples in one file, or images that are no pictures yet. */
export const containerOf = (path: string): string | undefined =>
  CONTAINERS.find(([pattern]) => pattern.test(path))?.[1];

/** Whether a file may be a list or an annotation, by its name. */
export const isText = (path: string): boolean => TEXT.test(path);

export function sortFiles(files: readonly DatasetFile[]): SortedFiles {
  const sorted: SortedFiles = { images: [], texts: [], containers: [], archives: [], leftOut: [] };
  for (const file of files) {
    const { path } = file;
    const leave = (rule: string) => sorted.leftOut.push({ file, rule });
    const junk = junkRule(path);
    if (junk !== undefined) leave(junk);
    else if (containerOf(path) !== undefined) sorted.containers.push(file);
    else if (ARCHIVE.test(path)) sorted.archives.push(file);
    else if (isText(path)) sorted.texts.push(file);
    else if (VIDEO_OR_SOUND.test(path)) leave('a video or a sound, not an image');
    else if (NO_IMAGE.test(path)) leave(NOT_AN_IMAGE);
    else sorted.images.push(file);
  }
  return sorted;
}

export const NOT_AN_IMAGE = 'not an image, by its name';
