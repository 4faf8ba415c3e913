import { S3Error } from './errors.ts';
import { ACCOUNT } from './events.ts';
import type { BucketRequest, Operation } from './operation.ts';
import type { S3Request } from './request.ts';
import { xmlDocument } from './xml.ts';

export const OWNER = { ID: ACCOUNT, DisplayName: 'understudy' };

/** The region whose buckets have an empty location, and in which creating an own bucket again succeeds. */
const FIRST_REGION = 'us-east-1';

export const listBuckets: Operation<S3Request> = ({ store }) => {
  const Bucket = store
    .buckets()
    .map(({ name, created }) => ({ Name: name, CreationDate: created }));
  return {
    status: 200,
    body: xmlDocument('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket } }),
  };
};

export const createBucket: Operation<BucketRequest> = async ({ store, region }, { bucket }) => {
  const created = await store.createBucket(bucket);
  if (!created && region !== FIRST_REGION) {
    throw new S3Error('BucketAlreadyOwnedByYou', 'You own this bucket already.', {
      BucketName: bucket,
    });
  }
  return { status: 200, headers: { location: `/${bucket}` } };
};

export const headBucket: Operation<BucketRequest> = ({ store, region }, { bucket }) => {
  store.bucket(bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': region } };
};

export const deleteBucket: Operation<BucketRequest> = async ({ store }, { bucket }) => {
  await store.deleteBucket(bucket);
  return { status: 204 };
};

export const getBucketLocation: Operation<BucketRequest> = ({ store, region }, { bucket }) => {
  store.bucket(bucket);
  const location = region === FIRST_REGION ? '' : region;
  return { status: 200, body: xmlDocument('LocationConstraint', location) };
};

/** No bucket is versioned, which S3 expresses by an empty document. */
export const getBucketVersioning: Operation<BucketRequest> = ({ store }, { bucket }) => {
  store.bucket(bucket);
  return { status: 200, body: xmlDocument('VersioningConfiguration', {}) };
};
