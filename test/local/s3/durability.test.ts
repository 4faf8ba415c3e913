import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BUCKET, clientOf, runningS3, someBytes, temporaryFolder } from './running-s3.ts';

const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url));

/** A local S3 in a process of its own. @param limit of the size of a file, in KiB */
async function served(
  folder: string,
  limit?: number,
): Promise<{ child: ChildProcess; port: number; client: S3Client }> {
  const node = [process.execPath, '--import', 'tsx', SERVE, folder];
  const shell = `ulimit -f ${limit ?? 'unlimited'}; exec "$@"`;
  const child = spawn('bash', ['-c', shell, 'bash', ...node], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  const client = clientOf(`http://127.0.0.1:${port}`, { maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return { child, port, client };
}

const dataFilesIn = (folder: string) =>
  readdirSync(join(folder, BUCKET, 'objects')).filter((file) => !file.endsWith('.json'));

async function read(client: S3Client, Key: string): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  return Body?.transformToString();
}

describe('a restart', () => {
  it('keeps objects, metadata, checksums and dates', async () => {
    const before = await runningS3();
    const at = { Bucket: BUCKET, Key: 'ä/1' };
    const about = { ContentType: 'text/plain', Metadata: { owner: 'Ada' } };
    await before.client.send(new PutObjectCommand({ ...at, Body: 'hello', ...about }));
    const ask = new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' });
    const { $metadata: _, ...head } = await before.client.send(ask);
    await before.stop();

    const after = await runningS3({ folder: before.folder });

    const { $metadata: __, ...again } = await after.client.send(ask);
    expect(again).toEqual(head);
    expect(await read(after.client, 'ä/1')).toBe('hello');
  });
});

describe('kill -9', () => {
  it('in the middle of a put leaves the old version whole, and the next start sweeps the rest', async () => {
    const folder = temporaryFolder();
    const { child, port, client } = await served(folder);
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: 'old' }));

    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write(`PUT /${BUCKET}/a HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n`);
    socket.write(Buffer.alloc(500_000));
    await expect.poll(() => dataFilesIn(folder).length).toBe(2);
    child.kill('SIGKILL');
    await once(child, 'exit');

    expect(dataFilesIn(folder)).toHaveLength(2);
    const after = await runningS3({ folder });
    expect(await read(after.client, 'a')).toBe('old');
    expect(dataFilesIn(folder)).toHaveLength(1);
  });

  it('at any moment leaves every object whole, and loses none that was answered', async () => {
    const folder = temporaryFolder();
    const answered = new Map<string, number>(); // the newest version answered, by key
    for (const puts of [5, 12, 40]) {
      const { child, client } = await served(folder);
      let left = puts; // until the kill, which meets the three other writers anywhere
      const writers = ['a', 'b', 'c', 'd'].map(async (Key) => {
        for (let version = (answered.get(Key) ?? 0) + 1; ; version++) {
          const Body = someBytes(50_000 + version, version);
          await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
          answered.set(Key, version);
          left -= 1;
          if (left === 0) child.kill('SIGKILL');
        }
      });
      await Promise.allSettled(writers);
    }

    const { client } = await runningS3({ folder });
    expect(answered.size).toBe(4);
    for (const [Key, version] of answered) {
      const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      const found = bytes.length - 50_000;
      expect([version, version + 1]).toContain(found); // the last put may have been stored, but not answered
      expect(bytes.equals(someBytes(50_000 + found, found))).toBe(true);
      expect(answer.ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
    }
    expect(dataFilesIn(folder)).toHaveLength(4);
  });
});

describe('a disk without room', () => {
  it.skipIf(process.platform === 'win32')('is told as such, and nothing is stored', async () => {
    const folder = temporaryFolder();
    const { client } = await served(folder, 1_024);
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: 'old' }));

    const put = new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: Buffer.alloc(2_000_000) });

    await expect(client.send(put)).rejects.toMatchObject({
      name: 'InternalError',
      message: expect.stringContaining('takes no file of this size'),
      $metadata: { httpStatusCode: 507 },
    });
    expect(await read(client, 'a')).toBe('old');
    expect(dataFilesIn(folder)).toHaveLength(1);
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(KeyCount).toBe(1);
  });
});
