import { CUT_OFF, MISSING_AT_MOST } from '#core/image-faults.ts';
import type { ImageKind } from '#core/image-kinds.ts';

/**
 * How an image ends, as far as its first and last bytes show it. What lacks its end marker may lack nothing else, and
 * only decoding shows how much: the trainer decides.
 */
export type ImageEnd = 'whole' | 'end missing' | typeof CUT_OFF;

/**
 * @param size of the file, in bytes
 * @param tail the last bytes of the file; undefined if they could only be had by unpacking all of it
 */
export function imageEnd(
  kind: ImageKind,
  head: Uint8Array,
  size: number,
  tail: Uint8Array | undefined,
): ImageEnd {
  const start = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const end = tail && Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  if (kind === 'WebP' && start.length >= 8) return lacking(8 + start.readUInt32LE(4) - size, size);
  if (kind === 'AVIF') return boxesPass(start, size) ? CUT_OFF : 'whole';
  if (kind === 'TIFF') return tiffDirectory(start) >= size ? CUT_OFF : 'whole';
  if (kind === 'PNG') return pngEnd(start, size, end);
  if (end && kind === 'JPEG') return jpegEnd(end);
  return 'whole';
}

const lacking = (bytes: number, size: number): ImageEnd => {
  if (bytes <= 0) return 'whole';
  return bytes > MISSING_AT_MOST * size ? CUT_OFF : 'end missing';
};

/** A JPEG has not ended where the pixels' code goes on: there, 0xFF is followed by 0 or by a restart marker. */
function jpegEnd(tail: Buffer): ImageEnd {
  const start = codeStart(tail);
  let isCode = start > 0;
  for (
    let at = tail.indexOf(0xff, start);
    at >= 0 && at + 1 < tail.length;
    at = tail.indexOf(0xff, at + 1)
  ) {
    const next = tail.readUInt8(at + 1);
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return 'whole'; // the end, or what phones write behind it
    isCode = true;
  }
  return isCode ? 'end missing' : 'whole'; // padding
}

/** Where the code of the last scan begins, after its header: a small file is all of its tail. */
function codeStart(tail: Buffer): number {
  const scan = tail.lastIndexOf(START_OF_SCAN);
  return scan >= 0 && scan + 4 <= tail.length ? scan + 2 + tail.readUInt16BE(scan + 2) : 0;
}

const START_OF_SCAN = Buffer.from([0xff, 0xda]);

/** The chunk that passes the end of a PNG says how many bytes are missing at least. */
function pngEnd(head: Buffer, size: number, tail: Buffer | undefined): ImageEnd {
  for (let at = 8; at + 8 <= head.length; at += 12 + head.readUInt32BE(at)) {
    const end = at + 12 + head.readUInt32BE(at);
    if (head.toString('latin1', at + 4, at + 8) === 'IEND') return 'whole';
    if (end > size) return lacking(end - size, size);
  }
  if (!tail || tail.includes('IEND')) return 'whole';
  const last = tail.lastIndexOf('IDAT');
  if (last < 4) return 'whole'; // not to be told from what follows the end of some files
  const chunkEnd = size - tail.length + last + 8 + tail.readUInt32BE(last - 4);
  return chunkEnd > size ? lacking(chunkEnd - size, size) : 'end missing';
}

/** Whether a box of an ISO base media file (ISO/IEC 14496-12, 4.2) passes the file's end. */
function boxesPass(head: Buffer, size: number): boolean {
  for (let at = 0; at + 8 <= head.length; ) {
    const length = head.readUInt32BE(at);
    if (length < 8) return false; // 0: up to the end; 1: longer than any image here
    at += length;
    if (at > size) return true;
  }
  return false;
}

/** The offset of the first directory; 0 if it is not a classic TIFF. */
function tiffDirectory(head: Buffer): number {
  if (head.length < 8) return 0;
  const isLittle = head[0] === 0x49;
  if ((isLittle ? head[2] : head[3]) !== 42) return 0;
  return isLittle ? head.readUInt32LE(4) : head.readUInt32BE(4);
}
