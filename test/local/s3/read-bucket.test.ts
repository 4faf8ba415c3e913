import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { describe, expect, it } from 'vitest';
import { readBucket } from '#local/s3/read-bucket.ts';
import { ObjectChanged } from '#ports';
import { BUCKET } from './bucket-name.ts';
import { runningS3, temporaryFolder } from './running-s3.ts';

async function bucket() {
  const { client, folder } = await runningS3({ client: { forcePathStyle: true } });
  const put = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
  return { client, put, reader: readBucket(join(folder, BUCKET)) };
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a reader of a bucket', () => {
  it('reads what the server has stored, in one part or in several', async () => {
    const { client, put, reader } = await bucket();
    await put('students/pets/latest.json', '{}');
    const Body = randomBytes(11 * 1024 * 1024); // three parts
    await new Upload({ client, params: { Bucket: BUCKET, Key: 'datasets/pets.zip', Body } }).done();

    expect((await reader.read('students/pets/latest.json'))?.toString()).toBe('{}');
    expect((await reader.read('datasets/pets.zip'))?.equals(Body)).toBe(true);
    expect((await bytesOf(await reader.stream('datasets/pets.zip'))).equals(Body)).toBe(true);
  });

  it('lists the objects below a prefix', async () => {
    const { put, reader } = await bucket();
    for (const key of ['students/a/student.json', 'students/b/student.json', 'jobs/c.json'])
      await put(key, key);

    const keys: string[] = [];
    for await (const { key } of reader.list('students/')) keys.push(key);

    expect(keys.sort()).toEqual(['students/a/student.json', 'students/b/student.json']);
  });

  it('finds nothing where there is no object, or no bucket yet', async () => {
    const { reader } = await bucket();
    const none = readBucket(join(temporaryFolder(), BUCKET));

    expect(await reader.read('nothing')).toBeUndefined();
    expect(await none.read('nothing')).toBeUndefined();
    for await (const { key } of none.list('')) expect(key).toBeUndefined();
    await expect(reader.stream('nothing')).rejects.toThrow(ObjectChanged);
  });

  it('sees an old or a new version, and never a mixture, of an object that is overwritten', async () => {
    const { put, reader } = await bucket();
    await put('latest.json', '0');
    let isDone = false;
    const writes = (async () => {
      for (let version = 1; version <= 20; version++) await put('latest.json', String(version));
      isDone = true;
    })();

    const seen: number[] = [];
    while (!isDone) seen.push(Number(await reader.read('latest.json')));
    await writes;

    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(Number(await reader.read('latest.json'))).toBe(20);
  });
});
