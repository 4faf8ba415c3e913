import { type FileHandle, open } from 'node:fs/promises';
import type { DatasetFiles } from '#lambdas/validate-dataset/dataset-files.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';

/** Uses an archive on this machine, listed as the pipeline lists one in the bucket; it is open meanwhile. */
export async function withLocalArchive<T>(
  path: string,
  use: (files: DatasetFiles) => Promise<T>,
): Promise<T> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const readRange = (_: string, start: number, end: number) => readPart(file, start, end);
    return await use(
      await listArchive({ readRange }, { key: path, size, etag: '', etagIsMd5: false }),
    );
  } finally {
    await file.close();
  }
}

/** Bytes `start` to `end` (exclusive); fewer at the end of the file. */
export async function readPart(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(Math.max(0, end - start));
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
