import { randomUUID } from 'node:crypto';
import type { StoredObject } from './stored-object.ts';

export type Reason = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';

/** The account of the local AWS. */
export const ACCOUNT = '000000000000';

/** S3's "Object Created" event as EventBridge delivers it. Source: "EventBridge event message structure", S3 user guide. */
export interface ObjectCreated {
  version: '0';
  id: string;
  'detail-type': 'Object Created';
  source: 'aws.s3';
  account: string;
  time: string; // ISO 8601, whole seconds
  region: string;
  resources: [string]; // the bucket's ARN
  detail: {
    version: '0';
    bucket: { name: string };
    /** `key` is raw: not URL-encoded, unlike in S3's own notifications. `etag` is without quotes. */
    object: { key: string; size: number; etag: string; sequencer: string };
    'request-id': string;
    requester: string;
    'source-ip-address': string;
    reason: Reason;
  };
}

export const objectCreated = (
  { key, size, etag, sequencer }: StoredObject,
  circumstances: {
    bucket: string;
    region: string;
    requestId: string;
    address: string;
    reason: Reason;
    at: Date;
  },
): ObjectCreated => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: ACCOUNT,
  time: `${circumstances.at.toISOString().slice(0, 19)}Z`,
  region: circumstances.region,
  resources: [`arn:aws:s3:::${circumstances.bucket}`],
  detail: {
    version: '0',
    bucket: { name: circumstances.bucket },
    object: { key, size, etag, sequencer },
    'request-id': circumstances.requestId,
    requester: ACCOUNT,
    'source-ip-address': circumstances.address,
    reason: circumstances.reason,
  },
});
