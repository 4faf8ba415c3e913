import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { DRAFT, readRecord, replaceFile, syncFolder } from '../durable-files.ts';
import { keyLock } from '../key-lock.ts';
import { Algorithm, Checksum } from './checksums.ts';
import type { DataFiles } from './data-files.ts';
import { S3Error } from './errors.ts';
import { DataFile } from './stored-object.ts';

/** A multipart upload, on disk: `uploads/<id>/upload.json`. */
const UploadHead = z.object({
  id: z.string(),
  key: z.string(),
  initiated: z.string(), // ISO 8601
  algorithm: Algorithm,
  type: Checksum.shape.type,
  algorithmIsDefault: z.boolean(), // parts may then have checksums of another algorithm
  headers: z.record(z.string(), z.string()),
});

/** A part, on disk: `uploads/<id>/<number>.json`; its bytes are with those of the bucket's objects. */
export const Part = z.object({
  number: z.number(),
  size: z.number(),
  md5: z.string(), // hex: its ETag
  sum: z.string(), // base64, in the upload's algorithm
  lastModified: z.string(),
  data: DataFile,
});
export type Part = z.infer<typeof Part>;

export type Upload = z.infer<typeof UploadHead> & { parts: Map<number, Part> };
export type NewUpload = Omit<z.infer<typeof UploadHead>, 'id'>;

/** The multipart uploads that are neither completed nor aborted. They survive a restart. */
export interface Uploads {
  all(): Upload[];
  /** @throws S3Error NoSuchUpload, also if the upload has another key */
  find(key: string, id: string): Upload;
  start(upload: NewUpload): Promise<Upload>;
  /** Stores a part and replaces one with the same number; durable when this resolves. */
  putPart(upload: Upload, part: Part): Promise<void>;
  /** Locks the parts for `finish`, then removes the upload and all parts that `finish` did not keep. */
  end<T>(
    key: string,
    id: string,
    finish: (upload: Upload) => Promise<{ kept: DataFile[]; result: T }>,
  ): Promise<T>;
  /** The data files of all parts. */
  files(): string[];
}

/** Opens the folder of uploads, and removes those that were completed, or lost data, just before a crash. */
export function openUploads(
  folder: string,
  data: DataFiles,
  disk: { isPresent(file: string): boolean; isCompleted(key: string, id: string): boolean },
): Uploads {
  mkdirSync(folder, { recursive: true });
  const uploads = new Map<string, Upload>();
  for (const id of readdirSync(folder)) {
    const upload = readUpload(join(folder, id));
    const sound =
      upload !== undefined &&
      [...upload.parts.values()].every((part) => disk.isPresent(part.data.file));
    if (sound && !disk.isCompleted(upload.key, id)) uploads.set(id, upload);
    else rmSync(join(folder, id), { recursive: true });
  }
  const locked = keyLock(); // by upload

  function find(key: string, id: string): Upload {
    const upload = uploads.get(id);
    if (upload === undefined || upload.key !== key) throw noSuchUpload(id);
    return upload;
  }

  return {
    all: () => [...uploads.values()],
    find,
    files: () =>
      [...uploads.values()].flatMap(({ parts }) =>
        [...parts.values()].map((part) => part.data.file),
      ),

    async start(head) {
      const upload = { ...head, id: randomBytes(24).toString('hex') };
      await mkdir(join(folder, upload.id));
      await syncFolder(folder);
      await replaceFile(join(folder, upload.id, 'upload.json'), JSON.stringify(upload));
      const started = { ...upload, parts: new Map() };
      uploads.set(upload.id, started);
      return started;
    },

    putPart: (upload, part) =>
      locked(upload.id, async () => {
        find(upload.key, upload.id); // it may have ended while the body was received
        const before = upload.parts.get(part.number);
        const path = join(folder, upload.id, `${part.number}.json`);
        await replaceFile(path, JSON.stringify(part), () => upload.parts.set(part.number, part));
        if (before !== undefined) await data.discard([before.data]);
      }),

    end: (key, id, finish) =>
      locked(id, async () => {
        const upload = find(key, id);
        const { kept, result } = await finish(upload);

        uploads.delete(id);
        await rm(join(folder, id), { recursive: true, force: true });
        const keptFiles = new Set(kept.map(({ file }) => file));
        const unused = [...upload.parts.values()].filter((part) => !keptFiles.has(part.data.file));
        await data.discard(unused.map((part) => part.data));
        return result;
      }),
  };
}

export const noSuchUpload = (id: string): S3Error =>
  new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. It may have been aborted or completed.',
    {
      UploadId: id,
    },
  );

function readUpload(folder: string): Upload | undefined {
  const files = readdirSync(folder).filter((file) => !file.endsWith(DRAFT));
  if (!files.includes('upload.json')) return undefined;
  const parts = files
    .filter((file) => file !== 'upload.json')
    .map((file) => readRecord(join(folder, file), Part));
  return {
    ...readRecord(join(folder, 'upload.json'), UploadHead),
    parts: new Map(parts.map((part) => [part.number, part])),
  };
}
