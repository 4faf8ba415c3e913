import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  NoSuchUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Pipeline } from './connect.ts';

/** An upload in parts that was neither completed nor aborted. Its parts take space, but no listing of objects shows them. */
export interface AbandonedUpload {
  Key: string;
  UploadId: string;
  parts: number;
  bytes: number;
}

type Bucket = Pick<Pipeline, 's3' | 'bucket'>;

/** In a bucket that is used for other things too, uploads of others are none of our business. */
const OURS = /^(datasets|jobs|students|teachers)\//;

const IDLE_MS = 24 * 3600 * 1000; // chosen: a slow upload still sends a part now and then

/** Finds the uploads of which no part has come for a day. */
export async function abandonedUploads(
  { s3, bucket: Bucket }: Bucket,
  now: Date,
): Promise<AbandonedUpload[]> {
  const found: AbandonedUpload[] = [];
  let markers = {};
  for (let isMore = true; isMore; ) {
    const page = await s3.send(new ListMultipartUploadsCommand({ Bucket, ...markers }));
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) {
      if (!OURS.test(Key)) continue;
      const parts = await partsOf(s3, { Bucket, Key, UploadId });
      if (!parts) continue; // it has just been completed
      const { lastMs, ...size } = parts;
      const began = Initiated?.getTime() ?? 0;
      if (now.getTime() - Math.max(began, lastMs) > IDLE_MS) found.push({ Key, UploadId, ...size });
    }
    isMore = page.IsTruncated === true;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  return found;
}

/** @returns `undefined` if there is no such upload any more */
async function partsOf(s3: S3Client, upload: { Bucket: string; Key: string; UploadId: string }) {
  const found = { parts: 0, bytes: 0, lastMs: 0 };
  try {
    for (let PartNumberMarker: string | undefined, isMore = true; isMore; ) {
      const page = await s3.send(new ListPartsCommand({ ...upload, PartNumberMarker }));
      for (const { Size = 0, LastModified } of page.Parts ?? []) {
        found.parts += 1;
        found.bytes += Size;
        found.lastMs = Math.max(found.lastMs, LastModified?.getTime() ?? 0);
      }
      isMore = page.IsTruncated === true;
      PartNumberMarker = page.NextPartNumberMarker;
    }
    return found;
  } catch (error) {
    if (error instanceof NoSuchUpload) return undefined;
    throw error;
  }
}

/** One that is gone already counts as aborted. */
export async function abort(
  { s3, bucket: Bucket }: Bucket,
  { Key, UploadId }: AbandonedUpload,
): Promise<void> {
  await s3
    .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    .catch((error: unknown) => {
      if (!(error instanceof NoSuchUpload)) throw error;
    });
}
