import type { Readable } from 'node:stream';
import type { Reason } from './events.ts';
import type { S3Request } from './request.ts';
import type { Store } from './store.ts';
import type { StoredObject } from './stored-object.ts';

/** An answer; a text body is XML. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Readable;
}

/** What operations work on. */
export interface Context {
  store: Store;
  region: string;
  /** Tells the listeners of an object, after it was committed. */
  announce(request: BucketRequest, object: StoredObject, reason: Reason): void;
}

export type BucketRequest = S3Request & { bucket: string };
export type ObjectRequest = BucketRequest & { key: string };

export type Operation<Request> = (context: Context, request: Request) => Reply | Promise<Reply>;

export const quoted = (etag: string): string => `"${etag}"`;
