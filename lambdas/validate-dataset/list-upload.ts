import { archiveSeal, folderSeal, type ObjectFacts } from '#core/identity.ts';
import { sealKeys, type Upload } from '#core/keys.ts';
import { problem } from '#core/problem.ts';
import { headArchive } from '#lambdas/head-archive.ts';
import type { Objects } from '#ports';
import type { DatasetFiles } from './dataset-files.ts';
import { listArchive } from './list-archive.ts';
import { dataOf, listFolder } from './list-folder.ts';

/** A sealed upload as it is in the bucket now. */
export interface ListedUpload {
  seal: string;
  objects: ObjectFacts[]; // the archive, or the data files of the folder
  uploadedAt: string; // ISO 8601
  versionId?: string | undefined; // of an archive
  files: () => Promise<DatasetFiles>;
}

/** A folder without a seal counts as complete when nothing has come for so long. */
export interface QuietPeriod {
  seconds: number;
  now: Date;
}

/**
 * @param quiet seals folders without a seal; none, if left out
 * @returns `undefined` when the upload, or the seal of a folder, is gone
 */
export async function listUpload(
  objects: Objects,
  upload: Upload,
  quiet?: QuietPeriod,
): Promise<ListedUpload | undefined> {
  if (upload.form === 'folder') {
    const { prefix, recipeKey } = upload;
    const all: ObjectFacts[] = [];
    for await (const object of objects.list(prefix)) all.push(object);
    const seals = sealKeys(prefix);
    const data = dataOf(all, prefix, recipeKey);
    const seal = newest(all.filter(({ key }) => seals.includes(key)));
    const uploadedAt = seal ?? (data.length > 0 && quiet ? quietSince(all, quiet) : undefined);
    if (uploadedAt === undefined) return undefined;
    return {
      seal: folderSeal(data),
      objects: data,
      uploadedAt,
      files: async () => ({
        ...listFolder(objects, prefix, data),
        folders: foldersOf(all, prefix),
      }),
    };
  }

  const object =
    upload.form === 'archive'
      ? await headArchive(objects, upload.key)
      : await objects.head(upload.key);
  if (!object) return undefined;
  return {
    seal: archiveSeal(object),
    objects: [object],
    uploadedAt: object.lastModified,
    versionId: object.versionId,
    files: async () =>
      upload.form === 'archive' ? listArchive(objects, object) : notADataset(upload.key),
  };
}

/** When the latest of these objects came; ISO 8601. */
const newest = (objects: readonly ObjectFacts[]): string | undefined =>
  objects.reduce<string | undefined>(
    (latest, { lastModified }) =>
      latest === undefined || lastModified > latest ? lastModified : latest,
    undefined,
  );

/** When the latest object came, if nothing has come for long enough since. */
export function quietSince(
  objects: readonly ObjectFacts[],
  { seconds, now }: QuietPeriod,
): string | undefined {
  const latest = newest(objects);
  const isQuiet = latest !== undefined && now.getTime() - Date.parse(latest) >= seconds * 1000;
  return isQuiet ? latest : undefined;
}

/** The empty objects by which consoles mark a folder. */
const foldersOf = (all: readonly ObjectFacts[], prefix: string): string[] =>
  all.filter(({ key }) => key.endsWith('/')).map(({ key }) => key.slice(prefix.length));

function notADataset(key: string): DatasetFiles {
  const isProject = /\.tm$/i.test(key);
  const what = isProject
    ? 'This file is a project of Teachable Machine, which is not opened.'
    : 'This file is not a dataset.';
  const remedy = isProject
    ? 'Download the images of each class from Teachable Machine, and upload one folder of them for each class.'
    : 'Upload a .zip, .tar or .tar.gz of class folders, or a folder of class folders.';
  return { files: [], problems: [problem('NOT_A_DATASET', key, what, remedy)] };
}
