import type { ObjectFacts } from '#core/identity.ts';
import type { Objects } from '#ports';

/** Chosen: read within two minutes in a Lambda. Larger archives without a checksum are identified by their ETag. */
const MAX_READ_BYTES = 5 * 1024 ** 3;

/**
 * The metadata of an archive, with a checksum of all its bytes: clients divide an upload into parts as they like, and
 * may ask S3 for another checksum, but the same bytes must be the same job. S3 has this one unless the client chose
 * otherwise; then the archive is read once.
 *
 * @returns `undefined` if there is none
 * @throws ObjectChanged if it is replaced meanwhile
 */
export async function headArchive(
  objects: Pick<Objects, 'head' | 'crc64'>,
  key: string,
): Promise<(ObjectFacts & { etagIsMd5: boolean }) | undefined> {
  const object = await objects.head(key);
  if (!object || object.crc64nvme !== undefined || object.size > MAX_READ_BYTES) return object;
  return { ...object, crc64nvme: await objects.crc64(key, object.etag) };
}
