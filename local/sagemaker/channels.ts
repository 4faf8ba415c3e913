import { mkdir } from 'node:fs/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  NoSuchKey,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Channel } from './requests.ts';
import { DataError, pathBelow, s3Location } from './s3-location.ts';
import { download, forEachFile, keysBelow } from './transfer.ts';

/** An object of a channel, and its path below the channel's folder. */
interface ChannelFile {
  bucket: string;
  key: string;
  rest: string;
}

/** Returns why a job must be refused, as AWS does, because a channel has no data. */
export async function emptyChannel(
  s3: S3Client,
  channels: readonly Channel[],
): Promise<string | undefined> {
  for (const { DataSource, ChannelName } of channels) {
    const { S3Uri } = DataSource.S3DataSource;
    const { bucket: Bucket, key: Prefix } = s3Location(S3Uri);
    const found = await s3
      .send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }))
      .catch((error: unknown) => {
        if (error instanceof NoSuchBucket) return undefined;
        throw error;
      });
    if (!found?.KeyCount)
      return `${nothingAt(S3Uri)} (channel ${ChannelName}). Please ensure that the bucket exists and that objects exist under that S3 prefix.`;
  }
  return undefined;
}

/** The bytes that the channels of a job will bring; a channel that cannot be read counts nothing. */
export async function channelBytes(s3: S3Client, channels: readonly Channel[]): Promise<number> {
  let bytes = 0;
  for (const { DataSource } of channels) {
    const { S3DataType, S3Uri } = DataSource.S3DataSource;
    if (S3DataType === 'S3Prefix') bytes += await sizeBelow(s3, s3Location(S3Uri));
    else bytes += await sizeOfManifest(s3, S3Uri).catch(() => 0); // the download says what is wrong with it
  }
  return bytes;
}

/** One listing of the common prefix, instead of a request for each object. */
async function sizeOfManifest(s3: S3Client, uri: string): Promise<number> {
  const { prefix, rests } = await readManifest(s3, uri);
  const location = s3Location(prefix);
  const wanted = new Set(rests.map((rest) => `${location.key}${rest}`));
  return sizeBelow(s3, location, (key) => wanted.has(key));
}

async function sizeBelow(
  s3: S3Client,
  { bucket: Bucket, key: Prefix }: { bucket: string; key: string },
  isWanted: (key: string) => boolean = () => true,
): Promise<number> {
  let bytes = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
    for (const { Key = '', Size = 0 } of Contents) if (isWanted(Key)) bytes += Size;
  }
  return bytes;
}

/**
 * Downloads the objects of a channel into its folder, as SageMaker does in File mode.
 * @throws DataError that names the channel and its S3 URI
 */
export async function fetchChannel(
  s3: S3Client,
  channel: Channel,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { S3DataType, S3Uri } = channel.DataSource.S3DataSource;
  await mkdir(folder, { recursive: true });
  let count = 0;
  try {
    const files = S3DataType === 'ManifestFile' ? filesOfManifest : filesOfPrefix;
    await forEachFile(files(s3, S3Uri), async ({ bucket, key, rest }) => {
      count += 1;
      await download(s3, { bucket, key }, pathBelow(folder, rest), signal);
    });
    if (count === 0) throw new DataError(nothingAt(S3Uri));
  } catch (error) {
    if (!(error instanceof DataError || error instanceof NoSuchBucket)) throw error;
    const source = `channel ${channel.ChannelName}, ${S3Uri}`;
    throw new DataError(`Data download failed (${source}): ${error.message}`, { cause: error });
  }
}

const nothingAt = (uri: string) =>
  `No S3 objects found under S3 URL "${uri}" given in input data source`;

/** A prefix is not a folder: below `s3://b/pets`, `pets/a` becomes `a`, but `pets` and `pets.bak` keep their names. */
async function* filesOfPrefix(s3: S3Client, uri: string): AsyncGenerator<ChannelFile> {
  const { bucket, key: prefix } = s3Location(uri);
  const asFolder = prefix.endsWith('/') || prefix === '' ? prefix : `${prefix}/`;
  const lastSlash = prefix.lastIndexOf('/') + 1;
  for await (const key of keysBelow(s3, { bucket, key: prefix })) {
    const rest = key.slice(key.startsWith(asFolder) ? asFolder.length : lastSlash);
    yield { bucket, key, rest };
  }
}

const Manifest = z.tuple(
  [z.object({ prefix: z.string().regex(/^s3:\/\/[^/]+/) })],
  z.string().min(1),
);

/** A manifest is a JSON array: the common prefix, then the rest of each key. */
async function* filesOfManifest(s3: S3Client, uri: string): AsyncGenerator<ChannelFile> {
  const { prefix, rests } = await readManifest(s3, uri);
  for (const rest of new Set(rests)) yield { ...s3Location(`${prefix}${rest}`), rest };
}

async function readManifest(
  s3: S3Client,
  uri: string,
): Promise<{ prefix: string; rests: string[] }> {
  const { bucket: Bucket, key: Key } = s3Location(uri);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key })).catch((error: unknown) => {
    if (error instanceof NoSuchKey) throw new DataError('the manifest does not exist');
    throw error;
  });
  const [{ prefix }, ...rests] = parseManifest((await Body?.transformToString()) ?? '');
  return { prefix, rests };
}

function parseManifest(text: string): z.infer<typeof Manifest> {
  try {
    return Manifest.parse(JSON.parse(text));
  } catch (error) {
    throw new DataError('the manifest is not [{"prefix": "s3://…"}, "key", …]', { cause: error });
  }
}
