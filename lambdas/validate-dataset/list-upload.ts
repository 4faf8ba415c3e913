import { archiveSeal, folderSeal, type ObjectFacts } from '#core/identity.ts';
import { READY_FILE, type Upload } from '#core/keys.ts';
import { problem } from '#core/problem.ts';
import { headArchive } from '#lambdas/head-archive.ts';
import type { Objects } from '#ports';
import type { DatasetFiles } from './dataset-files.ts';
import { listArchive } from './list-archive.ts';
import { isData, listFolder } from './list-folder.ts';

/** A sealed upload as it is in the bucket now. */
export interface ListedUpload {
  seal: string;
  objects: ObjectFacts[]; // the archive, or the data files of the folder
  uploadedAt: string; // ISO 8601
  versionId?: string | undefined; // of an archive
  files: () => Promise<DatasetFiles>;
}

/** @returns `undefined` when the upload, or the seal of a folder, is gone */
export async function listUpload(
  objects: Objects,
  upload: Upload,
): Promise<ListedUpload | undefined> {
  if (upload.form === 'folder') {
    const { prefix, recipeKey } = upload;
    const all: ObjectFacts[] = [];
    for await (const object of objects.list(prefix)) all.push(object);
    const ready = all.find(({ key }) => key === `${prefix}${READY_FILE}`);
    if (!ready) return undefined;
    const data = all.filter(({ key }) => isData(key, prefix, recipeKey));
    return {
      seal: folderSeal(data),
      objects: data,
      uploadedAt: ready.lastModified,
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

/** The empty objects by which consoles mark a folder. */
const foldersOf = (all: readonly ObjectFacts[], prefix: string): string[] =>
  all.filter(({ key }) => key.endsWith('/')).map(({ key }) => key.slice(prefix.length));

function notADataset(key: string): DatasetFiles {
  const remedy =
    'Upload a .zip of class folders, or a folder of class folders and then an empty _READY in it.';
  return {
    files: [],
    problems: [problem('NOT_A_DATASET', key, 'This file is not a dataset.', remedy)],
  };
}
