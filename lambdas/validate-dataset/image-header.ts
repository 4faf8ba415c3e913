import { imageSize } from 'image-size';
import { MAX_PIXELS } from '#core/image-limits.ts';
import { type Problem, problem } from '#core/problem.ts';

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1');

function isJpeg(head: Uint8Array): boolean {
  return head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff;
}

/** Recognises the four formats that the trainer decodes, by their first bytes; file names do not matter. */
const FORMATS: ((head: Uint8Array) => boolean)[] = [
  isJpeg,
  (head) => ascii(head, 0, 8) === '\x89PNG\r\n\x1a\n',
  (head) => /^GIF8[79]a$/.test(ascii(head, 0, 6)),
  (head) => ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP',
];

const CLAIMS_AN_IMAGE = /\.(jpe?g|png|gif|webp)$/i;

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
  if (head.length === 0) {
    return problem('FILE_EMPTY', path, 'The file is empty.', 'Replace or remove it.');
  }
  if (!FORMATS.some((matches) => matches(head))) {
    const despite = CLAIMS_AN_IMAGE.test(path) ? ', despite its name' : '';
    const what = `The file is not a JPEG, PNG, GIF or WebP image${despite}.`;
    return problem('NOT_AN_IMAGE', path, what, 'Convert it to JPEG or PNG, or remove it.');
  }
  const found = dimensions(head);
  if (found && found.width * found.height > MAX_PIXELS) {
    const what = `The image has ${found.width} × ${found.height} pixels; the limit is ${MAX_PIXELS / 1e6} megapixels.`;
    const remedy = 'Make it smaller; students see a few hundred pixels.';
    return problem('IMAGE_TOO_LARGE', path, what, remedy);
  }
  return undefined;
}

/** Whether the first bytes of a JPEG end before its frame header, as they do where metadata come first. */
export const isCutOff = (head: Uint8Array): boolean =>
  isJpeg(head) && jpegDimensions(head) === 'further in';

interface Dimensions {
  width: number;
  height: number;
}

/** `undefined` where the header is damaged or further in: then the trainer, which decodes the whole file, decides. */
function dimensions(head: Uint8Array): Dimensions | undefined {
  if (isJpeg(head)) {
    const found = jpegDimensions(head);
    return found === 'further in' ? undefined : found;
  }
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
