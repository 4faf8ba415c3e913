import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from './buckets.ts';
import { completeMultipartUpload } from './complete-multipart.ts';
import { S3Error } from './errors.ts';
import { listObjects, listObjectsV2 } from './listing.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from './multipart.ts';
import { listMultipartUploads, listParts } from './multipart-listing.ts';
import type { BucketRequest, Context, ObjectRequest, Operation, Reply } from './operation.ts';
import { getObjectAttributes, getObjectTagging, readObject } from './read-objects.ts';
import type { S3Request } from './request.ts';
import { copyObject, deleteObject, deleteObjects, putObject } from './write-objects.ts';

/** The operations, by method and the query parameter that selects them. */
const SERVICE: Record<string, Operation<S3Request>> = {
  GET: listBuckets,
};
const BUCKET: Record<string, Operation<BucketRequest>> = {
  PUT: createBucket,
  HEAD: headBucket,
  DELETE: deleteBucket,
  GET: listObjects,
  'GET ?list-type': listObjectsV2,
  'GET ?location': getBucketLocation,
  'GET ?versioning': getBucketVersioning,
  'GET ?uploads': listMultipartUploads,
  'POST ?delete': deleteObjects,
};
const OBJECT: Record<string, Operation<ObjectRequest>> = {
  PUT: putObject,
  'PUT copy': copyObject,
  GET: readObject,
  HEAD: readObject,
  DELETE: deleteObject,
  'GET ?attributes': getObjectAttributes,
  'GET ?tagging': getObjectTagging,
  'POST ?uploads': createMultipartUpload,
  'PUT ?uploadId': uploadPart,
  'PUT ?uploadId copy': uploadPartCopy,
  'POST ?uploadId': completeMultipartUpload,
  'DELETE ?uploadId': abortMultipartUpload,
  'GET ?uploadId': listParts,
};

/** The parameters that select an operation. Source: the operations of the Amazon S3 API reference. */
const SUBRESOURCES = new Set(
  `abac accelerate acl analytics annotation attributes cors delete encryption intelligent-tiering inventory
  legal-hold lifecycle list-type location logging metadataConfiguration metadataInventoryTable metadataJournalTable
  metadataTable metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject
  replication requestPayment restore retention select select-type session tagging torrent uploadId uploads versioning
  versions website`.split(/\s+/),
);

/** @throws S3Error NotImplemented, which names the operation */
export function answer(context: Context, request: S3Request): Reply | Promise<Reply> {
  const { bucket, key } = request;
  if (bucket === undefined) return find(SERVICE, request, 'the service')(context, request);
  if (key === undefined) return find(BUCKET, request, 'a bucket')(context, { ...request, bucket });
  return find(OBJECT, request, 'an object')(context, { ...request, bucket, key });
}

function find<Request>(
  table: Record<string, Operation<Request>>,
  { method, query, headers }: S3Request,
  subject: string,
): Operation<Request> {
  const subresource = [...query.keys()].find((name) => SUBRESOURCES.has(name));
  const words = [method, subresource && `?${subresource}`, headers['x-amz-copy-source'] && 'copy'];
  const name = words.filter(Boolean).join(' ');
  const operation = Object.hasOwn(table, name) ? table[name] : undefined;
  if (operation !== undefined) return operation;
  const called = query.get('x-id'); // the SDK for JavaScript names its operation
  const message = `The local S3 does not implement ${called ?? name} (${name} on ${subject}).`;
  throw new S3Error('NotImplemented', message);
}
