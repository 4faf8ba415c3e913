import sharp, { type Sharp } from 'sharp';
import { randomBytes } from '#test/random.ts';
import { pngChunk } from '#training-image/data/png-chunk.ts';

/**
 * An image, and what must become of it: `used`; refused with a code by its first and last bytes; `refused` by one of the
 * two, at the latest when it is decoded; or `either`, as long as nothing crashes and the file is named.
 */
export interface ImageCase {
  name: string;
  bytes: Buffer;
  answer: string;
}

const FORMATS = ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const;
const SIDE = 120;

const noise = (channels: 1 | 2 | 3 | 4 = 3, width = SIDE, height = SIDE): Sharp =>
  sharp(randomBytes(width * height * channels), { raw: { width, height, channels } });

export async function imageCases(): Promise<ImageCase[]> {
  const whole = new Map<string, Buffer>();
  for (const format of FORMATS) whole.set(format, await noise().toFormat(format).toBuffer());
  return [
    ...(await variants()),
    ...[...whole].flatMap(([format, bytes]) => [...cuts(format, bytes), ...damages(format, bytes)]),
    ...(await lies(whole)),
    ...notImages(),
  ];
}

const used = async (name: string, image: Sharp): Promise<ImageCase> => ({
  name,
  bytes: await image.toBuffer(),
  answer: 'used',
});

/** What encoders make, common or rare. */
async function variants(): Promise<ImageCase[]> {
  const frames = sharp(randomBytes(3 * SIDE * SIDE * 3), {
    raw: { width: SIDE, height: 3 * SIDE, channels: 3, pageHeight: SIDE },
  } as never);
  const made: Promise<ImageCase>[] = [
    ...FORMATS.map((format) => used(`a plain ${format}`, noise().toFormat(format))),
    ...FORMATS.map((format) => used(`a grey ${format}`, noise(1).toFormat(format))),
    ...(['png', 'webp', 'tiff', 'avif', 'gif'] as const).map((format) =>
      used(`a transparent ${format}`, noise(4).toFormat(format)),
    ),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((orientation) =>
      used(`EXIF orientation ${orientation}`, noise().withMetadata({ orientation }).jpeg()),
    ),
    used('a progressive JPEG', noise().jpeg({ progressive: true })),
    used('a CMYK JPEG', noise().toColourspace('cmyk').jpeg()),
    used('a JPEG of 4:4:4', noise().jpeg({ chromaSubsampling: '4:4:4' })),
    used('a JPEG with arithmetic of quality 1', noise().jpeg({ quality: 1 })),
    used('an interlaced PNG', noise().png({ progressive: true })),
    used('a PNG with a palette', noise().png({ palette: true, colours: 7 })),
    used('a PNG of 16 bits', noise().toColourspace('rgb16').png()),
    used('a grey PNG of 16 bits', noise(1).toColourspace('grey16').png()),
    used('a PNG with grey and alpha', noise(2).png()),
    used('an uncompressed PNG', noise().png({ compressionLevel: 0 })),
    used('a lossless WebP', noise().webp({ lossless: true })),
    used('a TIFF with LZW', noise().tiff({ compression: 'lzw' })),
    used('a TIFF with deflate', noise().tiff({ compression: 'deflate' })),
    used('a TIFF with JPEG inside', noise().tiff({ compression: 'jpeg' })),
    used('a TIFF of one bit', noise(1).threshold().toColourspace('b-w').tiff({ bitdepth: 1 })),
    used('a tiled TIFF', noise().tiff({ tile: true })),
    used('a pyramid of TIFF', noise().tiff({ pyramid: true, tile: true })),
    used('a Lab TIFF', noise().toColourspace('lab').tiff()),
    used('an animated GIF', frames.clone().gif()),
    used('an animated WebP', frames.clone().webp()),
    used('one pixel', noise(3, 1, 1).png()),
    used('1 x 2000', noise(3, 1, 2000).png()),
    used('2000 x 1', noise(3, 2000, 1).jpeg()),
    used('a colour profile', noise().withIccProfile('p3').jpeg()),
  ];
  return Promise.all(made);
}

/** Ends that are missing: what lacks much is refused by its bytes or by the decoder. */
function cuts(format: string, bytes: Buffer): ImageCase[] {
  const parts = [0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.9];
  return [
    ...parts.map((part) => ({
      name: `${100 * part}% of a ${format}`,
      bytes: bytes.subarray(0, Math.max(1, Math.round(part * bytes.length))),
      answer: 'refused',
    })),
    { name: `a ${format} without its last byte`, bytes: bytes.subarray(0, -1), answer: 'either' },
  ];
}

/** Bytes in the middle that are others. */
function damages(format: string, bytes: Buffer): ImageCase[] {
  return [1, 2, 3].map((seed) => {
    const damaged = Buffer.from(bytes);
    randomBytes(200, seed).forEach((value, i) => {
      damaged[Math.floor((bytes.length * (seed + 1)) / 5) + i] = value;
    });
    return { name: `a ${format} damaged at ${20 * (seed + 1)}%`, bytes: damaged, answer: 'either' };
  });
}

const HUGE = 20_000;

/** Headers that promise too much, and files that are two things at once. */
async function lies(whole: ReadonlyMap<string, Buffer>): Promise<ImageCase[]> {
  const of = (format: string) => Buffer.from(whole.get(format) ?? []);
  const png = of('png');
  png.writeUInt32BE(HUGE, 16);
  png.writeUInt32BE(HUGE, 20);
  const jpeg = of('jpeg');
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(65_000, frame + 5);
  jpeg.writeUInt16BE(65_000, frame + 7);
  const gif = of('gif');
  gif.writeUInt16LE(65_000, 6);
  gif.writeUInt16LE(65_000, 8);
  const none = of('png');
  none.writeUInt32BE(0, 16);
  const large = sharp({ create: { width: 6000, height: 6000, channels: 3, background: 'red' } });
  const afterHeader = 8 + 25;
  const withChunk = (type: string, data: Buffer) => {
    const bytes = of('png');
    return Buffer.concat([
      bytes.subarray(0, afterHeader),
      pngChunk(type, data),
      bytes.subarray(afterHeader),
    ]);
  };
  return [
    { name: 'a PNG of 20,000 x 20,000, by its header', bytes: png, answer: 'IMAGE_TOO_LARGE' },
    { name: 'a JPEG of 65,000 x 65,000', bytes: jpeg, answer: 'IMAGE_TOO_LARGE' },
    { name: 'a GIF of 65,000 x 65,000', bytes: gif, answer: 'IMAGE_TOO_LARGE' },
    {
      name: 'a PNG of 36 megapixels',
      bytes: await large.png().toBuffer(),
      answer: 'IMAGE_TOO_LARGE',
    },
    { name: 'a PNG without width', bytes: none, answer: 'refused' },
    {
      name: 'a PNG that says it is animated',
      bytes: withChunk('acTL', Buffer.alloc(8, 1)),
      answer: 'either',
    },
    {
      name: 'a PNG with a profile of nothing',
      bytes: withChunk('iCCP', Buffer.from('x\0\0nothing')),
      answer: 'either',
    },
    {
      name: 'a PNG with a private chunk',
      bytes: withChunk('prVt', Buffer.alloc(9)),
      answer: 'used',
    },
    {
      name: 'a PNG with a text of 1 MB',
      bytes: withChunk('tEXt', Buffer.alloc(1e6, 'a')),
      answer: 'either',
    },
    {
      name: 'a PNG with a chunk of 4 GB',
      bytes: withChunk('prVt', Buffer.alloc(4)).fill(0xff, 33, 37),
      answer: 'refused',
    },
    ...['jpeg', 'png', 'gif', 'webp'].flatMap((format) => [
      {
        name: `a ${format} and a zip`,
        bytes: Buffer.concat([of(format), Buffer.from('PK\x03\x04'.repeat(50))]),
        answer: 'used',
      },
      {
        name: `a ${format} and a script`,
        bytes: Buffer.concat([of(format), Buffer.from('<script>alert(1)</script>')]),
        answer: 'used',
      },
    ]),
    { name: 'a JPEG with EXIF of 64 kB', bytes: withSegment(of('jpeg'), 65_000), answer: 'used' },
    {
      name: 'a JPEG behind a JPEG',
      bytes: Buffer.concat([of('jpeg'), of('jpeg')]),
      answer: 'used',
    },
    {
      name: 'a JPEG of its first bytes',
      bytes: Buffer.from('ffd8ffe000104a464946', 'hex'),
      answer: 'refused',
    },
    {
      name: 'a TIFF whose directory is elsewhere',
      bytes: Buffer.concat([Buffer.from('49492a00ffffff7f', 'hex'), of('tiff').subarray(8)]),
      answer: 'IMAGE_CUT_OFF',
    },
  ];
}

function withSegment(jpeg: Buffer, length: number): Buffer {
  const segment = Buffer.alloc(length + 2, 'x');
  segment.writeUInt16BE(0xffe1, 0);
  segment.writeUInt16BE(length, 2);
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

/** What stands under the names of images. */
function notImages(): ImageCase[] {
  const starts: [name: string, start: string | Buffer, answer: string][] = [
    ['nothing', '', 'FILE_EMPTY'],
    ['text', 'hello, this is text', 'NOT_AN_IMAGE'],
    ['a web page', '<!DOCTYPE html><html><body>404</body></html>', 'refused'],
    [
      'an SVG',
      '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
      'refused',
    ],
    [
      'an SVG that reads a file',
      '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
      'refused',
    ],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
      'refused',
    ],
    ['zeros', Buffer.alloc(5000), 'refused'],
    ['a BMP', Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)]), 'refused'],
    ['an icon', Buffer.concat([Buffer.from('00000100', 'hex'), Buffer.alloc(200)]), 'refused'],
    [
      'a HEIC',
      Buffer.concat([Buffer.from('000000186674797068656963', 'hex'), Buffer.alloc(200)]),
      'refused',
    ],
    ['a JPEG XL', Buffer.concat([Buffer.from('ff0a', 'hex'), Buffer.alloc(200)]), 'refused'],
    [
      'a JPEG 2000',
      Buffer.concat([Buffer.from('0000000c6a5020200d0a870a', 'hex'), Buffer.alloc(200)]),
      'refused',
    ],
    ['a Photoshop file', Buffer.concat([Buffer.from('8BPS\0\x01'), Buffer.alloc(200)]), 'refused'],
    ['a PDF', '%PDF-1.7\n%%EOF', 'refused'],
    ['a zip', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(200)]), 'refused'],
    [
      'a film',
      Buffer.concat([Buffer.from('00000018667479706d703432', 'hex'), Buffer.alloc(200)]),
      'refused',
    ],
    [
      'a DICOM file',
      Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(200)]),
      'refused',
    ],
    ['an OpenEXR', Buffer.concat([Buffer.from('762f3101', 'hex'), Buffer.alloc(200)]), 'refused'],
    ['a WASM', Buffer.concat([Buffer.from('\0asm'), Buffer.alloc(200)]), 'refused'],
    ['an executable', Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(200)]), 'refused'],
    ['JSON', '{"image": "data:image/png;base64,"}', 'refused'],
  ];
  const random = [1, 2, 3, 4, 5].map((seed): [string, Buffer, string] => [
    `random bytes, ${seed}`,
    Buffer.from(randomBytes(3000, seed)),
    'refused',
  ]);
  return [...starts, ...random].map(([name, start, answer]) => ({
    name,
    bytes: Buffer.from(start as string),
    answer,
  }));
}
