/** Every key of the bucket is built and parsed here. */

export const DATASETS = 'datasets/';
export const READY_FILE = '_READY';
/** Either of these in a folder says that its upload is complete; the second is written by Spark and Hadoop. */
export const SEAL_FILES: readonly string[] = [READY_FILE, '_SUCCESS'];
export const RECIPE_FILE = 'dataset.json';
/** The card, in a student's folder and in a training job's output. */
export const CARD_FILE = 'student.json';
/** The answers of a student in its test, beside its card. */
export const PREDICTIONS_FILE = 'predictions.csv';
/** Images whose label may be wrong, beside the card. */
export const SUSPECTS_FILE = 'suspects.csv';
/** What a person reads of all that, beside the card. */
export const REPORT_FILE = 'report.html';

/** A dataset in the bucket, or a file that should have been one. */
export type Upload =
  | { form: 'archive'; name: string; key: string; recipeKey: string }
  | { form: 'folder'; name: string; prefix: string; recipeKey: string }
  | { form: 'stray'; name: string; key: string; recipeKey: string };

const ARCHIVE = /\.(zip|tar|tgz|tzst|tar\.(gz|zst))$/i;

/** Whether a file is an archive of images, by its name. */
export const isArchiveName = (fileName: string): boolean => ARCHIVE.test(fileName);

/** The name of the dataset in an archive: that of the file, without its ending. */
export const nameOfArchive = (fileName: string): string => fileName.replace(ARCHIVE, '');

/** The upload that a key under `datasets/` completes; `undefined` for keys that start nothing (an image, a recipe). */
export function uploadSealedBy(key: string): Upload | undefined {
  if (!key.startsWith(DATASETS)) return undefined;
  const [first = '', ...rest] = key.slice(DATASETS.length).split('/');
  if (first === '') return undefined;

  if (rest.length > 0)
    return rest.length === 1 && SEAL_FILES.includes(rest[0] ?? '')
      ? folderUpload(first)
      : undefined;
  if (isArchiveName(first)) return archiveUpload(first);
  if (first.endsWith('.json') || first.startsWith('.')) return undefined; // a recipe is uploaded before its archive
  return { form: 'stray', name: first, key, recipeKey: `${key}.json` };
}

export function archiveUpload(fileName: string): Upload & { form: 'archive' } {
  const name = nameOfArchive(fileName);
  return {
    form: 'archive',
    name,
    key: `${DATASETS}${fileName}`,
    recipeKey: `${DATASETS}${name}.json`,
  };
}

export function folderUpload(name: string): Upload & { form: 'folder' } {
  const prefix = `${DATASETS}${name}/`;
  return { form: 'folder', name, prefix, recipeKey: `${prefix}${RECIPE_FILE}` };
}

/** The keys of which one says that a folder is complete. */
export const sealKeys = (prefix: string): string[] => SEAL_FILES.map((file) => `${prefix}${file}`);

/** The place of a dataset in the bucket: a key for an archive or a stray file, a prefix for a folder. */
export const datasetOf = (upload: Upload): string =>
  upload.form === 'folder' ? upload.prefix : upload.key;

export const jobKeys = (jobId: string) => ({
  prefix: `jobs/${jobId}/`,
  report: `jobs/${jobId}/report.json`,
  checkpoints: `jobs/${jobId}/checkpoints/`,
  output: `jobs/${jobId}/output/`,
});

/**
 * What the validation writes for the trainer. The folder is named by its content: two validations of one upload can run
 * at the same time (two events, the sweeper), and the later one must not replace what a job was launched with.
 */
export function inputKeys(
  jobId: string,
  { manifestSha256, recipeSha256 }: { manifestSha256: string; recipeSha256: string },
) {
  const folder = `${manifestSha256.slice(0, 16)}-${recipeSha256.slice(0, 16)}`;
  const prefix = `${jobKeys(jobId).prefix}inputs/${folder}/`;
  return {
    manifest: `${prefix}manifest.jsonl`,
    recipe: `${prefix}recipe.json`,
    channel: `${prefix}channel.json`,
  };
}

export const STUDENTS = 'students/';

export const TEACHERS_PREFIX = 'teachers/';

export const teacherPrefix = (name: string): string => `${TEACHERS_PREFIX}${name}/`;

export const studentKeys = (student: string, version: string) => ({
  prefix: `students/${student}/${version}/`,
  card: `students/${student}/${version}/${CARD_FILE}`, // written last: its presence means complete
  predictions: `students/${student}/${version}/${PREDICTIONS_FILE}`,
  report: `students/${student}/${version}/${REPORT_FILE}`,
});

export const studentPrefix = (student: string): string => `${STUDENTS}${student}/`;

export const latestKey = (student: string): string => `${studentPrefix(student)}latest.json`;

/** The numbers of a student's versions, see core/versions.ts. */
export const versionsKey = (student: string): string => `${studentPrefix(student)}versions.json`;

/** The version whose card has this key; `undefined` for every other key. */
export const versionOfCard = (student: string, key: string): string | undefined => {
  const [version = '', file, ...rest] = key.startsWith(studentPrefix(student))
    ? key.slice(studentPrefix(student).length).split('/')
    : [];
  return file === CARD_FILE && rest.length === 0 ? version : undefined;
};

export const SWEEPS = 'sweeps/';

/** The uploads whose jobs are in a job table, see lambdas/sweep-jobs/handled-uploads.ts. */
export const handledUploadsKey = (jobTable: string): string => `${SWEEPS}${jobTable}.json`;

/** @throws Error when the text is not `s3://bucket/key` */
export function parseS3Uri(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri);
  if (!match?.[1] || match[2] === undefined) throw new Error(`"${uri}" is not an s3:// URI`);
  return { bucket: match[1], key: match[2] };
}
