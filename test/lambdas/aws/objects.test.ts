import { DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { s3Objects } from '#lambdas/aws/objects.ts';

const s3 = mockClient(S3Client);
beforeEach(() => s3.reset());

const keys = Array.from({ length: 2_001 }, (_, i) => `jobs/a/output/${i}`);

describe('deleting many objects on S3', () => {
  it('takes at most a thousand in one request', async () => {
    s3.on(DeleteObjectsCommand).resolves({});

    await s3Objects('bucket', new S3Client()).remove(keys);

    const batches = s3.commandCalls(DeleteObjectsCommand).map(({ args }) => args[0].input.Delete);
    expect(batches.map((batch) => batch?.Objects?.length)).toEqual([1_000, 1_000, 1]);
    expect(batches.flatMap((batch) => batch?.Objects?.map(({ Key }) => Key))).toEqual(keys);
  });

  it('throws if S3 says in its answer that one was not deleted', async () => {
    const Errors = [{ Key: 'jobs/a/output/7', Code: 'AccessDenied', Message: 'Access Denied' }];
    s3.on(DeleteObjectsCommand).resolves({ Errors });

    const removing = s3Objects('bucket', new S3Client()).remove(keys);

    await expect(removing).rejects.toThrow('jobs/a/output/7 cannot be deleted: Access Denied');
  });
});
