import { open } from 'node:fs/promises';
import type { DatasetFiles } from '#lambdas/validate-dataset/dataset-files.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';
import { readAt } from '#training-image/storage/read-at.ts';

/** Uses an archive on this machine, listed as the pipeline lists one in the bucket; it is open meanwhile. */
export async function withLocalArchive<T>(
  path: string,
  use: (files: DatasetFiles) => Promise<T>,
): Promise<T> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const readRange = (_: string, start: number, end: number) => readAt(file, start, end - start);
    return await use(
      await listArchive({ readRange }, { key: path, size, etag: '', etagIsMd5: false }),
    );
  } finally {
    await file.close();
  }
}
