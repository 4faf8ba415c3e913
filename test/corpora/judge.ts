import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { type JudgedDataset, judgeDataset } from '#lambdas/validate-dataset/judge-dataset.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';
import { TEACHERS } from '#teachers/catalogue.ts';

/** Judges the bytes of an archive as the validation does: by ranges. */
export async function judgeArchive(bytes: Buffer, key = 'pets.zip'): Promise<JudgedDataset> {
  const readRange = async (_: string, start: number, end: number) => bytes.subarray(start, end);
  const archive = { key, size: bytes.length, etag: '', etagIsMd5: false };
  const files = await listArchive({ readRange }, archive);
  return judgeDataset(files, { text: undefined, path: 'pets.json' }, { teachers: TEACHERS });
}

/** Judges files by their paths and contents. */
export const judgeFiles = (
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<JudgedDataset> =>
  judgeDataset(
    { files: Object.entries(files).map(([path, body]) => fileOf(path, body)), problems: [] },
    { text: undefined, path: 'dataset.json' },
    { teachers: TEACHERS },
  );

export function fileOf(path: string, body: Uint8Array | string): DatasetFile {
  const bytes = Buffer.from(body as Uint8Array);
  return {
    path,
    size: bytes.length,
    record: {},
    head: async (count = 64 * 1024) => bytes.subarray(0, count),
    tail: async (count) => bytes.subarray(Math.max(0, bytes.length - count)),
  };
}

/** The codes of the problems, each once, sorted; `accepted` without any. */
export function answerOf({ problems }: JudgedDataset): string {
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  return codes.length === 0 ? 'accepted' : codes.join(' ');
}
