import { imageSize } from 'image-size';
import { TOO_LARGE } from '#core/image-faults.ts';
import { type ImageFault, type ImageKind, imageKind, isFault } from '#core/image-kinds.ts';
import { MAX_PIXELS } from '#core/image-limits.ts';
import { type Problem, problem } from '#core/problem.ts';

const CLAIMS_AN_IMAGE = /\.(jpe?g|jfif|png|gif|webp|tiff?|avif|bmp|hei[cf])$/i;
const IS_RAW = /\.(nef|nrw|arw|sr2|dng|pef|srw|3fr|rwl|cr2)$/i; // TIFFs of which libtiff would decode the thumbnail

/**
 * The problem with a file as far as its first bytes show it; `undefined` if there is none.
 *
 * @param size bytes that the file should have; without first bytes, an entry of a damaged archive
 */
export function imageProblem(path: string, head: Uint8Array, size: number): Problem | undefined {
  if (head.length === 0 && size > 0) {
    const what = 'The file cannot be unpacked: the archive is damaged there.';
    const remedy = 'Zip the folder again, and check it with "unzip -t".';
    return problem('ENTRY_DAMAGED', path, what, remedy);
  }
  const kind = kindOf(path, head);
  if (isFault(kind)) return problemWith(path, kind);
  const found = dimensions(kind, head);
  if (found && found.width * found.height > MAX_PIXELS) {
    const what = `The image has ${found.width} × ${found.height} pixels; the limit is ${MAX_PIXELS / 1e6} megapixels.`;
    return problem(TOO_LARGE.code, path, what, TOO_LARGE.remedy);
  }
  return undefined;
}

/** A fault as a problem of a dataset. */
export function problemWith(path: string, { code, what, remedy }: ImageFault): Problem {
  const isDisguised = code === 'NOT_AN_IMAGE' && CLAIMS_AN_IMAGE.test(path);
  return problem(code, path, `The file ${what}${isDisguised ? ', despite its name' : ''}.`, remedy);
}

function kindOf(path: string, head: Uint8Array): ImageKind | ImageFault {
  const kind = imageKind(head);
  if (kind !== 'TIFF' || !IS_RAW.test(path)) return kind;
  return {
    code: 'IMAGE_KIND',
    what: 'is a raw photograph, which cannot be read here',
    remedy: 'Export it as JPEG or TIFF with the program that develops your photographs.',
  };
}

/** Whether the first bytes of a JPEG end before its frame header, as they do where metadata come first. */
export const isCutOff = (head: Uint8Array): boolean =>
  imageKind(head) === 'JPEG' && jpegDimensions(head) === 'further in';

interface Dimensions {
  width: number;
  height: number;
}

/** `undefined` where the header is damaged or further in: then the trainer, which decodes the whole file, decides. */
function dimensions(kind: ImageKind, head: Uint8Array): Dimensions | undefined {
  if (kind === 'JPEG') {
    const found = jpegDimensions(head);
    return found === 'further in' ? undefined : found;
  }
  if (kind === 'TIFF') return tiffDimensions(head);
  try {
    return imageSize(head);
  } catch {
    return undefined;
  }
}

/**
 * Reads a JPEG's frame header (ITU-T T.81, B.2.2). image-size searches byte by byte where segments are damaged, which a
 * small archive of crafted files can turn into many minutes; this walk stops at the first byte that is not a marker.
 */
function jpegDimensions(head: Uint8Array): Dimensions | 'further in' | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2) return undefined;
    at += 2 + length;
  }
  return 'further in';
}

/** Reads the first directory of a TIFF, if it precedes the pixels (TIFF 6.0, section 2); image-size wants the whole file. */
function tiffDimensions(head: Uint8Array): Dimensions | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const isLittle = bytes[0] === 0x49;
  const short = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  if (bytes.length < 8 || short(2) !== 42) return undefined; // 43: BigTIFF
  const directory = long(4);
  if (directory + 2 > bytes.length) return undefined;
  const found = new Map<number, number>();
  const count = short(directory);
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > bytes.length) break;
    found.set(short(at), short(at + 2) === 3 ? short(at + 8) : long(at + 8));
  }
  const [width, height] = [found.get(256), found.get(257)];
  return width === undefined || height === undefined ? undefined : { width, height };
}
