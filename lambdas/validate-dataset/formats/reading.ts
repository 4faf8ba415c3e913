import type { ManifestExample } from '#core/manifest.ts';
import type { Problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';

export type Split = NonNullable<ManifestExample['split']>;

/** A file with the class that its owner gave it. */
export interface Labelled {
  file: DatasetFile;
  label: string;
  split?: Split | undefined;
}

/** A file that is no example, and why. */
export interface LeftOutFile {
  file: DatasetFile;
  rule: string; // the end of a sentence that begins with "left out because it is"
}

/** What a reader of one format makes of an upload; pure, from names and small texts. */
export interface Reading {
  format: string; // for scripts, such as 'split-folders'
  sentence: string; // what the upload was taken for, without a full stop
  labelled: Labelled[];
  used: DatasetFile[]; // lists that gave the labels
  leftOut: LeftOutFile[];
  problems: Problem[];
  warnings: Problem[];
}

/** The text of a list or an annotation. */
export interface ListText {
  file: DatasetFile;
  text: string;
}
