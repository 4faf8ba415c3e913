import { mayBeDeepGrey } from './deep-grey.ts';

/** Something to tell about an image that is used. */
export interface ImageNote {
  what: string; // continues the sentence that its name begins
  ofMany: string; // continues "12 images …"
}

const NOTES = {
  endMissing: {
    what: 'lacks its end; what is there was used',
    ofMany: 'lack their end: what is there of them was used',
  },
  animated: {
    what: 'is animated; its first frame was used',
    ofMany: 'are animated: the first frame of each was used',
  },
  pages: {
    what: 'has several pages; the first was used',
    ofMany: 'have several pages: the first of each was used',
  },
  deepGrey: {
    what: 'has more than 256 grey values; the range that it uses was brought to 8 bits',
    ofMany:
      'have more than 256 grey values: the range that each uses, from its 0.5th to its 99.5th percentile, was brought to 8 bits, as "understudy predict" does; do the same where you use the student elsewhere',
  },
} as const satisfies Record<string, ImageNote>;

/** What should be told about an image that can be decoded, by its bytes. */
export function noteOn(bytes: Uint8Array): ImageNote | undefined {
  const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = image.toString('latin1', 0, 4);
  if (start.startsWith('\xff\xd8')) return jpegEnds(image) ? undefined : NOTES.endMissing;
  if (start.startsWith('GIF')) return frames(image) > 1 ? NOTES.animated : undefined;
  if (start === '\x89PNG') return noteOnPng(image);
  if (start === 'RIFF') return noteOnWebp(image);
  if (start === 'II*\0' || start === 'MM\0*') return noteOnTiff(image);
  return image.toString('latin1', 4, 12) === 'ftypavis' ? NOTES.animated : undefined;
}

/** Whether an image ends early, as far as it tells without being decoded. */
export const lacksItsEnd = (bytes: Uint8Array): boolean => noteOn(bytes) === NOTES.endMissing;

/** Sentences about many images, in the order in which their kinds were first met. */
export function collectNotes(): { see(path: string, bytes: Uint8Array): void; told(): string[] } {
  const paths = new Map<ImageNote, string[]>();
  return {
    see(path, bytes) {
      const note = noteOn(bytes);
      if (!note) return;
      const same = paths.get(note);
      if (same) same.push(path);
      else paths.set(note, [path]);
    },
    told: () => [...paths].map(([note, found]) => sentence(note, found)),
  };
}

const NAMED = 3;

function sentence({ what, ofMany }: ImageNote, paths: readonly string[]): string {
  if (paths.length === 1) return `${paths[0]} ${what}.`;
  const named = [...paths].sort().slice(0, NAMED).join(', ');
  const rest = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return `${paths.length} images ${ofMany} (${named}${rest}).`;
}

/** Whether the end marker follows the header; the thumbnail in the metadata has one as well. */
function jpegEnds(jpeg: Buffer): boolean {
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff && jpeg[at + 1] !== 0xda) {
    at += jpeg[at + 1] === 0xff ? 1 : 2 + jpeg.readUInt16BE(at + 2);
  }
  return jpeg.lastIndexOf('\xff\xd9', undefined, 'latin1') > at;
}

function noteOnPng(image: Buffer): ImageNote | undefined {
  if (mayBeDeepGrey(image)) return NOTES.deepGrey;
  for (let at = 8; at + 12 <= image.length; at += 12 + image.readUInt32BE(at)) {
    const type = image.toString('latin1', at + 4, at + 8);
    if (type === 'acTL') return image.readUInt32BE(at + 8) > 1 ? NOTES.animated : undefined;
    if (type === 'IEND') return undefined;
    if (type === 'IDAT' && at + 12 + image.readUInt32BE(at) > image.length) break;
  }
  return NOTES.endMissing;
}

function noteOnWebp(image: Buffer): ImageNote | undefined {
  if (image.length < 21) return undefined;
  if (8 + image.readUInt32LE(4) > image.length) return NOTES.endMissing;
  const isAnimated = image.toString('latin1', 12, 16) === 'VP8X' && (image.readUInt8(20) & 2) !== 0;
  return isAnimated ? NOTES.animated : undefined;
}

/** Counts the pictures of a GIF (GIF89a, section 20), up to 2. */
function frames(gif: Buffer): number {
  if (gif.length < 13) return 0;
  const table = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(gif.readUInt8(10));
  let count = 0;
  while (at + 10 < gif.length && count < 2) {
    const block = gif.readUInt8(at);
    if (block === 0x2c) {
      count += 1;
      at += 11 + table(gif.readUInt8(at + 9));
    } else if (block === 0x21) at += 2;
    else break;
    while (at < gif.length && gif[at] !== 0) at += 1 + gif.readUInt8(at);
    at += 1;
  }
  return count;
}

/** Reads the first directory of a TIFF: the depth of its pixels, and whether another follows. */
function noteOnTiff(image: Buffer): ImageNote | undefined {
  const isLittle = image[0] === 0x49;
  const short = (at: number) => (isLittle ? image.readUInt16LE(at) : image.readUInt16BE(at));
  const long = (at: number) => (isLittle ? image.readUInt32LE(at) : image.readUInt32BE(at));
  try {
    const directory = long(4);
    const count = short(directory);
    const tags = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const at = directory + 2 + 12 * i;
      tags.set(short(at), short(at + 8));
    }
    if ((tags.get(258) ?? 1) > 8 && (tags.get(277) ?? 1) === 1) return NOTES.deepGrey;
    return long(directory + 2 + 12 * count) > 0 ? NOTES.pages : undefined;
  } catch {
    return undefined; // an offset outside of the file
  }
}
