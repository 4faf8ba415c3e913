import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkImages } from '#lambdas/validate-dataset/check-images.ts';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { randomBytes } from '../../random.ts';

const SIDE = 200;
const noise = () =>
  sharp(randomBytes(3 * SIDE * SIDE), { raw: { width: SIDE, height: SIDE, channels: 3 } });

let bytesRead = 0;
const file = (path: string, bytes: Uint8Array, hasTail = true): DatasetFile => {
  const read = (from: number, to: number) => {
    bytesRead += to - from;
    return Promise.resolve(bytes.subarray(from, to));
  };
  return {
    path,
    size: bytes.length,
    record: {},
    head: (count = 64 * 1024) => read(0, Math.min(count, bytes.length)),
    ...(hasTail && {
      tail: (count: number) => read(Math.max(0, bytes.length - count), bytes.length),
    }),
  };
};
const check = (bytes: Uint8Array) => checkImages([file('a/1.jpg', bytes)]);
const nothing = { problems: [], warnings: [] };
const kinds = ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const;

describe('checkImages', () => {
  it.each(kinds)('accepts a %s, also with something behind its end', async (format) => {
    const whole = await noise().toFormat(format).toBuffer();

    expect(await check(whole)).toEqual(nothing);
    for (const more of [Buffer.alloc(5000), Buffer.from('and a film '.repeat(9000))])
      expect(await check(Buffer.concat([whole, more]))).toEqual(nothing);
    expect(await checkImages([file('a/1', whole, false)])).toEqual(nothing);
  });

  it('warns of JPEGs without an end, in one sentence, and reads a few bytes of each', async () => {
    const whole = await noise().jpeg({ quality: 92 }).toBuffer();
    const cut = [whole.subarray(0, -2), whole.subarray(0, 9000), whole.subarray(0, -1)];
    bytesRead = 0;

    const { problems, warnings } = await checkImages([
      ...cut.map((bytes, i) => file(`a/${i}.jpg`, bytes)),
      file('a/whole.jpg', whole),
      file('a/film.jpg', Buffer.concat([whole, randomBytes(20_000)])),
    ]);

    expect(problems).toEqual([]);
    expect(warnings).toMatchObject([
      {
        code: 'IMAGE_END_MISSING',
        where: 'a/0.jpg',
        what: 'The image lacks its end. So do 2 more: a/1.jpg, a/2.jpg.',
      },
    ]);
    expect(bytesRead).toBeLessThan(5 * 6_000);
  });

  it.each([
    ['a plain', { quality: 80 }],
    ['a progressive', { quality: 80, progressive: true }],
  ])('warns of half of %s JPEG that is smaller than what is read of it', async (_, options) => {
    const small = { width: 20, height: 20, channels: 3 } as const;
    const whole = await sharp(randomBytes(1200), { raw: small }).jpeg(options).toBuffer();
    const half = whole.subarray(0, whole.lastIndexOf(Buffer.from([0xff, 0xda])) + 20);

    expect(whole.length).toBeLessThan(4096);
    expect(await check(whole)).toEqual(nothing);
    expect((await check(half)).warnings).toMatchObject([{ code: 'IMAGE_END_MISSING' }]);
  });

  it('refuses a PNG of which a part is missing, whether it has one chunk of pixels or many', async () => {
    const whole = await noise().png().toBuffer();

    expect((await check(whole.subarray(0, -3000))).problems).toMatchObject([
      { code: 'IMAGE_CUT_OFF', where: 'a/1.jpg' },
    ]);
    expect((await check(whole.subarray(0, -14))).warnings).toHaveLength(1);
    const chunks = manyChunks(whole, 8192);
    expect(await check(chunks)).toEqual(nothing);
    expect((await check(chunks.subarray(0, -6000))).problems).toHaveLength(1);
    expect((await check(chunks.subarray(0, -20))).warnings).toHaveLength(1);
  });

  it.each(['webp', 'tiff', 'avif'] as const)('refuses half of a %s', async (format) => {
    const whole = await noise().toFormat(format).toBuffer();

    const { problems } = await check(whole.subarray(0, whole.length / 2));

    expect(problems.map(({ code }) => code)).toEqual(['IMAGE_CUT_OFF']);
  });

  it.each([
    ['nothing', '', 'FILE_EMPTY'],
    ['zero bytes', '\0'.repeat(9000), 'NOT_AN_IMAGE'],
    ['a web page', '<!DOCTYPE html><html><body>403 Forbidden</body></html>', 'NOT_AN_IMAGE'],
    ['a HEIC', '\0\0\0\x24ftypheic\0\0\0\0mif1', 'IMAGE_KIND'],
  ])('refuses %s', async (_, text, code) => {
    expect((await check(Buffer.from(text, 'latin1'))).problems[0]?.code).toBe(code);
  });

  it.each(kinds)('reads any beginning of a %s without failing', async (format) => {
    const whole = await noise().resize(12).toFormat(format).toBuffer();

    for (let end = 0; end < Math.min(whole.length, 600); end++) await check(whole.subarray(0, end));
  });
});

/** The same PNG with its pixels in chunks of at most `size` bytes; checksums are left out. */
function manyChunks(png: Buffer, size: number): Buffer {
  const at = png.indexOf('IDAT') - 4;
  const data = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
  const chunks: Buffer[] = [png.subarray(0, at)];
  for (let from = 0; from < data.length; from += size) {
    const part = data.subarray(from, from + size);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    chunks.push(length, Buffer.from('IDAT'), part, Buffer.alloc(4));
  }
  return Buffer.concat([...chunks, png.subarray(-12)]);
}
