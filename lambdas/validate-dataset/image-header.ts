import { imageSize } from 'image-size';
import { type Problem, problem } from '#core/problem.ts';

/** A larger image brings nothing at a few hundred pixels of input, and decoding it costs 75 MB and more. */
export const MOST_PIXELS = 25_000_000;

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1');

/** The four kinds the trainer decodes, by their first bytes; never by the file's name. */
const KINDS: { kind: string; isAt: (head: Uint8Array) => boolean }[] = [
  { kind: 'JPEG', isAt: (head) => ascii(head, 0, 3) === '\xff\xd8\xff' },
  { kind: 'PNG', isAt: (head) => ascii(head, 0, 8) === '\x89PNG\r\n\x1a\n' },
  { kind: 'GIF', isAt: (head) => /^GIF8[79]a$/.test(ascii(head, 0, 6)) },
  { kind: 'WebP', isAt: (head) => ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP' },
];

/** What the first bytes of a file say against training on it. */
export function imageProblem(path: string, head: Uint8Array): Problem | undefined {
  if (head.length === 0)
    return problem(
      'FILE_EMPTY',
      path,
      'The file is empty or cannot be unpacked.',
      'Replace or remove it.',
    );
  if (!KINDS.some(({ isAt }) => isAt(head))) {
    return problem(
      'NOT_AN_IMAGE',
      path,
      'The file is no JPEG, PNG, GIF or WebP image, whatever its name says.',
      'Convert it to JPEG or PNG, or remove it.',
    );
  }
  const size = dimensions(head);
  if (size && size.width * size.height > MOST_PIXELS) {
    const what = `The image has ${size.width} × ${size.height} pixels; the limit is 25 megapixels.`;
    return problem(
      'IMAGE_TOO_LARGE',
      path,
      what,
      'Make it smaller; students see a few hundred pixels.',
    );
  }
  return undefined;
}

/** `undefined` where the header is broken or lies further in: then the trainer, which decodes the whole file, decides. */
function dimensions(head: Uint8Array): { width: number; height: number } | undefined {
  try {
    return imageSize(head);
  } catch {
    return undefined;
  }
}
