import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';

// Offsets in an entry of the central directory (PKWARE APPNOTE 4.3.12).
const COMPRESSED_SIZE = 20;
const LOCAL_OFFSET = 42;

/** The offsets of the entries of a zip's central directory. */
function directoryEntries(zip: Buffer): number[] {
  const found: number[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 1)) {
    found.push(at);
  }
  return found;
}

/** A zip with these files in the bucket. */
async function archiveOf(
  files: Record<string, Buffer>,
  compress = true,
  change: (zip: Buffer) => void = () => undefined,
) {
  const zip = new ZipFile();
  for (const [path, body] of Object.entries(files)) zip.addBuffer(body, path, { compress });
  zip.end();
  const { objects, put } = memoryObjects();
  const bytes = await buffer(zip.outputStream);
  change(bytes);
  put('datasets/pets.zip', bytes);
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

  it('refuses entries that share data', async () => {
    const body = Buffer.alloc(1_000, 'x');
    const files = { 'cat/1.png': body, 'cat/2.png': body, 'cat/3.png': body };
    const honest = await archiveOf(files, false);
    const bomb = await archiveOf(files, false, (zip) => {
      const second = directoryEntries(zip)[1] ?? 0;
      const third = directoryEntries(zip)[2] ?? 0;
      const inside = zip.readUInt32LE(second + LOCAL_OFFSET) + 500;
      zip.writeUInt32LE(inside, third + LOCAL_OFFSET);
    });

    const none = await listArchive(honest.objects, honest.archive);
    const { problems } = await listArchive(bomb.objects, bomb.archive);

    expect(none.problems).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['ARCHIVE_OVERLAP']);
    expect(problems[0]?.what).toContain('"cat/2.png" and "cat/3.png"');
  });

  it.each([
    ['a compressed size that passes the end of the archive', COMPRESSED_SIZE, 2 ** 31],
    ['the offset of something that is not a header', LOCAL_OFFSET, 7],
    ['an offset behind the end of the archive', LOCAL_OFFSET, 2 ** 31],
  ])('gives nothing for an entry with %s', async (_, field, value) => {
    const body = Buffer.alloc(1_000, 'x');
    const { objects, archive } = await archiveOf({ 'cat/1.png': body }, true, (zip) =>
      zip.writeUInt32LE(value, (directoryEntries(zip)[0] ?? 0) + field),
    );

    const { files } = await listArchive(objects, archive);

    expect(await files[0]?.head()).toHaveLength(0); // which the validation reports with the entry's name
  });

  it('reads the head of an image that deflate has packed very tightly', async () => {
    // A PNG without compression: a screenshot of one colour, 3 MB, of which 64 KiB packed hold all.
    const screenshot = Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      Buffer.alloc(3e6),
    ]);
    const { objects, archive } = await archiveOf({ 'cat/1.png': screenshot });
    const { files } = await listArchive(objects, archive);

    const head = await files[0]?.head();
    expect(head).toHaveLength(64 * 1024);
    expect(
      Buffer.from(head ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });
});
