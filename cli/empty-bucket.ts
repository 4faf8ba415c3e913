import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';

/**
 * Deletes every version of every object.
 *
 * @returns the number of versions deleted
 */
export async function emptyBucket(client: S3Client, Bucket: string): Promise<number> {
  for (let removed = 0; ; ) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket })); // from the start: earlier pages are deleted
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
      ({ Key, VersionId }): ObjectIdentifier => ({ Key, VersionId }),
    );
    if (Objects.length === 0) return removed;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first) throw new Error(`${first.Key} in ${Bucket} cannot be deleted: ${first.Message}`);
    removed += Objects.length;
  }
}
