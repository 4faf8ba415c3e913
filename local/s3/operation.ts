import type { Readable } from 'node:stream';
import type { Disk } from '../disk-space.ts';
import type { Reason } from './events.ts';
import type { S3Request } from './request.ts';
import type { Store } from './store.ts';
import type { StoredObject } from './stored-object.ts';

/** A response; a text body is XML. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Readable;
}

/** The state that operations work on. */
export interface Context {
  store: Store;
  disk: Disk;
  region: string;
  /** Notifies the listeners of a committed object. */
  announce(request: BucketRequest, object: StoredObject, reason: Reason): void;
}

export type BucketRequest = S3Request & { bucket: string };
export type ObjectRequest = BucketRequest & { key: string };

export type Operation<Request> = (context: Context, request: Request) => Reply | Promise<Reply>;

export const quoted = (etag: string): string => `"${etag}"`;
