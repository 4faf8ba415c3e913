import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { collectNotes, noteOn } from '#training-image/data/image-notes.ts';
import { randomBytes } from '../../random.ts';

const PX = 32;
const SIDE = 200;

const noise = (seed = 1) =>
  sharp(randomBytes(3 * SIDE * SIDE, seed), { raw: { width: SIDE, height: SIDE, channels: 3 } });

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}

const formats = {
  jpeg: () => noise().jpeg({ quality: 92 }),
  'progressive jpeg': () => noise().jpeg({ quality: 92, progressive: true }),
  'grey jpeg': () => noise().toColourspace('b-w').jpeg({ quality: 92 }),
  'cmyk jpeg': () => noise().toColourspace('cmyk').jpeg({ quality: 92 }),
  png: () => noise().png(),
  'interlaced png': () => noise().png({ progressive: true }),
  'grey png': () => noise().toColourspace('b-w').png(),
  'palette png': () => noise().png({ palette: true }),
  webp: () => noise().webp(),
};
type Format = keyof typeof formats;
const every = Object.keys(formats) as Format[];

describe('decodeImage, of images that broke off', () => {
  it.each(every)('shows a %s that lacks its last bytes, and says so', async (format) => {
    const whole = await formats[format]().toBuffer();
    const expected = await decodeImage(whole, PX);
    expect(noteOn(whole)).toBeUndefined();

    for (const missing of [2, 12, 40]) {
      const cut = whole.subarray(0, -missing);
      expect(difference(await decodeImage(cut, PX), expected)).toBeLessThan(2);
      expect(noteOn(cut)?.what).toMatch(/lacks its end/);
    }
  });

  it.each([...every, 'gif', 'tiff', 'avif'] as const)('refuses half of a %s', async (format) => {
    const image =
      format in formats ? formats[format as Format]() : noise().toFormat(format as 'gif');
    const whole = await image.toBuffer();

    const cut = whole.subarray(0, whole.length / 2);

    await expect(decodeImage(cut, PX)).rejects.toThrow(/^is (cut off|damaged)/);
  });

  it.each([...every, 'gif', 'tiff', 'avif'] as const)(
    'does not mind what follows the end of a %s',
    async (format) => {
      const image =
        format in formats ? formats[format as Format]() : noise().toFormat(format as 'gif');
      const whole = await image.toBuffer();
      const expected = await decodeImage(whole, PX);

      for (const more of [Buffer.alloc(5000), Buffer.from('motion photo '.repeat(1000))]) {
        const longer = Buffer.concat([whole, more]);
        expect(await decodeImage(longer, PX)).toEqual(expected);
        expect(noteOn(longer)).toBeUndefined();
      }
    },
  );

  it('gives exactly the pixels of the whole JPEG if nothing but the end marker is missing', async () => {
    const whole = await formats.jpeg().toBuffer();

    expect(await decodeImage(whole.subarray(0, -2), PX)).toEqual(await decodeImage(whole, PX));
  });

  it('sees a missing end behind the thumbnail in the metadata', async () => {
    const whole = await formats.jpeg().toBuffer();
    const thumbnail = Buffer.from('\xff\xe1\x00\x0aExif\xff\xd8\xff\xd9', 'latin1');
    const cut = Buffer.concat([whole.subarray(0, 2), thumbnail, whole.subarray(2, -2)]);

    expect(noteOn(cut)?.what).toMatch(/lacks its end/);
  });
});

it.each([
  ['jpeg', 'is cut off'],
  ['png', 'is cut off'],
  ['webp', 'is cut off'],
  ['gif', 'is cut off'],
  ['avif', 'is cut off'],
] as const)('says of half a %s that it %s', async (format, what) => {
  const whole = await noise().toFormat(format).toBuffer();

  await expect(decodeImage(whole.subarray(0, whole.length / 2), PX)).rejects.toThrow(what);
});

it.each(['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)(
  'says of a %s with a damaged header that it is damaged',
  async (format) => {
    const whole = await noise().toFormat(format).toBuffer();
    const damaged = Buffer.from(whole).fill(0x55, 14, 400);

    await expect(decodeImage(damaged, PX)).rejects.toThrow(/^is (damaged|cut off)/);
  },
);

describe('collectNotes', () => {
  it('tells many images in one sentence', async () => {
    const frames = await Promise.all([1, 2].map((seed) => noise(seed).png().toBuffer()));
    const join = { join: { animated: true } };
    const gif = await sharp(frames, join).gif().toBuffer();
    const webp = await sharp(frames, join).webp().toBuffer();
    const notes = collectNotes();
    const plain = await noise().gif().toBuffer();
    for (let i = 4; i > 0; i--) notes.see(`a/${i}.gif`, gif);
    notes.see('b/1.webp', webp);
    notes.see('b/2.gif', plain);
    notes.see('b/3.jpg', Buffer.from([0xff, 0xd8, 0xff]));

    expect(notes.told()).toEqual([
      '5 images are animated: the first frame of each was used (a/1.gif, a/2.gif, a/3.gif and 2 more).',
      'b/3.jpg lacks its end; what is there was used.',
    ]);
  });

  it.each([
    '',
    'GIF89a',
    'RIFF',
    '\x89PNG\r\n\x1a\n',
    'II*\0\xff\xff\xff\xff',
    'MM\0*',
    '\xff\xd8',
  ])('reads the stump %j without failing', (stump) => {
    expect(() => noteOn(Buffer.from(stump, 'latin1'))).not.toThrow();
  });
});
