import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';

/** A zip with these files in the bucket. */
async function archiveOf(files: Record<string, Buffer>, compress = true) {
  const zip = new ZipFile();
  for (const [path, body] of Object.entries(files)) zip.addBuffer(body, path, { compress });
  zip.end();
  const { objects, put } = memoryObjects();
  put('datasets/pets.zip', await buffer(zip.outputStream));
  const archive = await objects.head('datasets/pets.zip');
  if (!archive) throw new Error('the archive is not there');
  return { objects, archive };
}

describe('listArchive', () => {
  it('reads a block again that could not be read the first time', async () => {
    const body = Buffer.alloc(400_000, 'x');
    const { objects, archive } = await archiveOf({ 'cat/1.png': body, 'cat/2.png': body }, false);
    const { files } = await listArchive(objects, archive);
    const { readRange } = objects;
    objects.readRange = () => Promise.reject(new Error('S3 is slow'));
    await expect(files[0]?.head()).rejects.toThrow();
    objects.readRange = readRange;

    expect((await files[0]?.head())?.toString()).toBe('x'.repeat(64 * 1024));
  });

  it('passes errors of the bucket on, instead of blaming the archive', async () => {
    const { objects, archive } = await archiveOf({ 'cat/1.png': Buffer.from('x') });
    objects.readRange = () => Promise.reject(new Error('S3 is down'));

    await expect(listArchive(objects, archive)).rejects.toThrow('could not be read');
  });

  it('reads many small files with few requests', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`cat/${i}.png`, Buffer.from(`image ${i}`)]),
    );
    const { objects, archive } = await archiveOf(files);
    let requests = 0;
    const { readRange } = objects;
    objects.readRange = (...range) => {
      requests++;
      return readRange(...range);
    };

    const listed = await listArchive(objects, archive);
    const heads = await Promise.all(listed.files.map((file) => file.head()));

    expect(heads.map(String)).toEqual(Object.values(files).map(String));
    expect(requests).toBeLessThan(10);
  });

  it('gives nothing for an entry that is not a deflate stream', async () => {
    const name = 'cat/1.png';
    const { objects, archive } = await archiveOf({ [name]: Buffer.alloc(10_000, 'y') });
    const { readRange } = objects;
    const localHeader = 30 + name.length; // bytes
    objects.readRange = async (...range) =>
      Buffer.from(await readRange(...range)).fill(0xff, localHeader, localHeader + 4);

    const { files } = await listArchive(objects, archive);

    expect(await files[0]?.head()).toHaveLength(0);
  });
});
