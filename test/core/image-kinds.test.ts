import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type ImageFault, imageKind } from '#core/image-kinds.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const plain = () => sharp({ create: { width: 20, height: 20, channels: 3, background: 'red' } });

const refusal = (bytes: Uint8Array): ImageFault => {
  const kind = imageKind(bytes);
  if (typeof kind === 'string') return expect.unreachable(kind);
  return kind;
};

describe('imageKind', () => {
  it.each([
    ['JPEG', 'jpeg'],
    ['PNG', 'png'],
    ['GIF', 'gif'],
    ['WebP', 'webp'],
    ['TIFF', 'tiff'],
    ['AVIF', 'avif'],
  ] as const)('knows %s', async (kind, format) => {
    expect(imageKind(await plain().toFormat(format).toBuffer())).toBe(kind);
  });

  it.each([
    ['a BMP', 'BM\x36\x03\0\0\0\0\0\0\x36\0\0\0\x28', /^is a BMP image/],
    ['a HEIC of an iPhone', '\0\0\0\x24ftypheic\0\0\0\0mif1MiHE', /^is a HEIC image/],
    ['a HEIC of Samsung', '\0\0\0\x18ftypmif1\0\0\0\0mif1heic', /^is a HEIC image/],
    ['a DICOM', `${'\0'.repeat(128)}DICM\x02\0`, /^is a DICOM file/],
    ['a JPEG XL', '\xff\x0a\x10', /^is a JPEG XL image/],
    ['a JPEG XL in boxes', '\0\0\0\x0cJXL \r\n\x87\n', /^is a JPEG XL image/],
    ['a JPEG 2000', '\0\0\0\x0cjP  \r\n\x87\n', /^is a JPEG 2000 image/],
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg">', /^is an SVG/],
    ['an SVG with a prologue', '<?xml version="1.0"?>\n<svg width="9">', /^is an SVG/],
    ['an SVG with a comment', '<?xml version="1.0"?>\n<!-- by hand -->\n<svg>', /^is an SVG/],
    ['a Photoshop file', '8BPS\0\x01', /^is a Photoshop file/],
    ['a PDF', '%PDF-1.7\n', /^is a PDF/],
    ['an icon', '\0\0\x01\0\x01\0\x10\x10', /^is an icon/],
    ['a PGM', 'P5\n92 112\n255\n', /^is a PNM image/],
    ['a Canon raw file', 'II*\0\x10\0\0\0CR\x02\0', /^is a raw photograph/],
    ['a video', '\0\0\0\x20ftypisom', /^is a video/],
    ['an AVI', 'RIFF\x10\0\0\0AVI LIST', /^is a video/],
    ['a web page', '\n<!DOCTYPE html><html>403 Forbidden', /^is a web page/],
    ['an error of S3', '<?xml version="1.0"?><Error><Code>AccessDenied', /^is XML/],
    ['an annotation', '<annotation><folder>x', /^is XML/],
    ['JSON', '{"message": "not found"}', /^is JSON/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid', /Git LFS/],
    ['zeros', '\0'.repeat(4096), /zero bytes/],
    ['text', 'hello', /^is text/],
    ['an archive', 'PK\x03\x04', /^is an archive/],
    [
      'something else',
      '\x01\x02\x03\x04\xfe',
      /^is not a JPEG, PNG, GIF, WebP, TIFF or AVIF image/,
    ],
    ['nothing', '', /^is empty/],
  ])('says of %s what it is, and what to do', (_, bytes, what) => {
    const fault = refusal(latin1(bytes));

    expect(fault.what).toMatch(what);
    expect(fault.remedy).toMatch(/^[A-Z][a-z]+ .*[^ ]$/);
    expect(fault.what.length).toBeLessThanOrEqual(120); // longer ones are cut in the failure file
  });

  it('looks at the first bytes only, and takes no time for hostile ones', () => {
    const began = performance.now();
    imageKind(latin1('<?xml '.repeat(1e6)));
    imageKind(latin1('<!--'.repeat(1e6)));
    imageKind(latin1(' '.repeat(4e6)));
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
