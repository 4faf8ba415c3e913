import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { type LocalS3, localS3 } from '#local/s3/server.ts';
import { BUCKET } from './bucket-name.ts';

export { BUCKET };

export interface RunningS3 {
  s3: LocalS3;
  folder: string;
  port: number;
  endpoint: string;
  client: S3Client;
  stop(): Promise<void>;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-s3-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A local S3 with one bucket, on a free port of 127.0.0.1, and the real SDK pointed at it, for the length of a test. */
export async function runningS3(
  options: { folder?: string; now?: () => Date; client?: Partial<S3ClientConfig> } = {},
): Promise<RunningS3> {
  const { folder = temporaryFolder(), now, client: settings } = options;
  const s3 = localS3(now === undefined ? { folder } : { folder, now });
  await s3.createBucket(BUCKET);
  const server = createServer((request, response) => void s3.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = clientOf(endpoint, settings);

  let stopped = false;
  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    client.destroy();
    server.close();
    server.closeAllConnections();
    await s3.close();
  }
  onTestFinished(stop);
  return { s3, folder, port, endpoint, client, stop };
}

export const clientOf = (endpoint: string, settings: Partial<S3ClientConfig> = {}): S3Client =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    ...settings,
  });

/** The name and HTTP status an SDK call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<[string, number | undefined]> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return [name, $metadata?.httpStatusCode];
  }
  throw new Error('the call was expected to be refused');
}

/** Bytes that look random and are the same for the same seed. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
