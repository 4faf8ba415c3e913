import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageProblem, isCutOff } from '#lambdas/validate-dataset/image-header.ts';

const jpeg = (progressive = false) =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    .jpeg({ progressive })
    .toBuffer();

/** The same with another size in its frame header. */
function claiming(width: number, height: number, image: Buffer): Buffer {
  const changed = Buffer.from(image);
  const frame = Math.max(
    changed.indexOf('\xff\xc0', 0, 'latin1'),
    changed.indexOf('\xff\xc2', 0, 'latin1'),
  );
  changed.writeUInt16BE(height, frame + 5);
  changed.writeUInt16BE(width, frame + 7);
  return changed;
}

const problemOf = (path: string, head: Uint8Array) => imageProblem(path, head, head.length);

describe('imageProblem', () => {
  it('tells an empty file from one that the archive has damaged', () => {
    expect(imageProblem('cat/1.jpg', Buffer.of(), 0)?.code).toBe('FILE_EMPTY');
    expect(imageProblem('cat/1.jpg', Buffer.of(), 70)?.code).toBe('ENTRY_DAMAGED');
  });

  it.each([false, true])('finds the size of a JPEG (progressive: %s)', async (progressive) => {
    const small = await jpeg(progressive);

    expect(problemOf('cat/1.jpg', small)).toBeUndefined();
    expect(problemOf('cat/1.jpg', claiming(6_000, 5_000, small))).toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      what: expect.stringContaining('6000 × 5000'),
    });
  });

  it('finds the size after other segments and fill bytes', async () => {
    const large = claiming(6_000, 5_000, await jpeg());
    const comment = Buffer.from([0xff, 0xff, 0xff, 0xfe, 0, 4, 1, 2]);

    const bytes = Buffer.concat([large.subarray(0, 2), comment, large.subarray(2)]);
    expect(problemOf('cat/1.jpg', bytes)?.code).toBe('IMAGE_TOO_LARGE');
  });

  it('spends no time on damaged JPEGs, and leaves them to the decoder', () => {
    const damaged = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(64 * 1024)]);
    const before = process.cpuUsage();
    for (let i = 0; i < 10_000; i++) expect(problemOf('cat/1.jpg', damaged)).toBeUndefined();
    const { user } = process.cpuUsage(before);

    expect(user / 10_000).toBeLessThan(500); // µs each; searching byte by byte takes 13,000
  });

  it.each([
    ['cat/notes.txt', 'The file is text, not an image.'],
    ['cat/photo.JPG', 'The file is text, not an image, despite its name.'],
  ])('says of text named %s: %s', (path, what) => {
    expect(problemOf(path, Buffer.from('hello'))?.what).toBe(what);
  });
});

it.each([true, false])('finds the size of a TIFF (its header first: %s)', (isFirst) => {
  const directory = Buffer.from(
    '49492a0008000000 0200 0001 0400 01000000 70170000 0101 0400 01000000 88130000 00000000'.replaceAll(
      ' ',
      '',
    ),
    'hex',
  ); // 6000 × 5000
  if (!isFirst) directory.writeUInt32LE(directory.length, 4);

  const found = problemOf('cat/1.tif', directory);

  if (isFirst) expect(found?.code).toBe('IMAGE_TOO_LARGE');
  else expect(found).toBeUndefined();
});

it('does not take the thumbnail of a raw photograph for the photograph', async () => {
  const tiff = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
    .tiff()
    .toBuffer();

  expect(problemOf('cat/DSC_1.NEF', tiff)).toMatchObject({ code: 'IMAGE_KIND' });
  expect(problemOf('cat/1.tif', tiff)).toBeUndefined();
});

describe('isCutOff', () => {
  it('is true of a JPEG whose metadata fill the bytes that were read, and of nothing else', async () => {
    const image = await jpeg();
    const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0x80, 0x00]), Buffer.alloc(0x7ffe)]);
    const photo = Buffer.concat([image.subarray(0, 2), exif, image.subarray(2)]);

    expect(isCutOff(photo.subarray(0, 4096))).toBe(true);
    expect(isCutOff(photo)).toBe(false);
    expect(isCutOff(image)).toBe(false);
    expect(isCutOff(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))).toBe(false);
    expect(problemOf('cat/1.jpg', claiming(6_000, 5_000, photo))?.code).toBe('IMAGE_TOO_LARGE');
  });
});
