/** The kinds of images that are read; `sharp` decodes all of them without further software. */
export const IMAGE_KINDS = ['JPEG', 'PNG', 'GIF', 'WebP', 'TIFF', 'AVIF'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

/** `JPEG, PNG, GIF, WebP, TIFF or AVIF` */
export const IMAGE_KINDS_IN_WORDS = `${IMAGE_KINDS.slice(0, -1).join(', ')} or ${IMAGE_KINDS.at(-1)}`;

/** Why a file is not an image that can be used. The validator, the trainer and `predict` say it in the same words. */
export interface ImageFault {
  code: string;
  what: string; // continues the sentence that the file's name begins
  remedy: string; // a sentence that begins with a verb
}

/** Bytes that `imageKind` needs at most. */
export const KIND_BYTES = 1024;

/**
 * Tells what a file is by its first bytes; names do not matter.
 *
 * @param head the first KIND_BYTES of the file, or all of it
 */
export function imageKind(head: Uint8Array): ImageKind | ImageFault {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, KIND_BYTES));
  if (bytes.length === 0) return fault('FILE_EMPTY', 'is empty', 'Replace or remove it.');
  const text = bytes.toString('latin1');
  const read = READ.find(({ sign }) => sign.test(text));
  if (read) return read.kind;
  const known = NOT_READ.find(({ sign }) => sign.test(text));
  if (known) {
    const what = `is ${known.name}, which cannot be read here`;
    return fault('IMAGE_KIND', what, known.remedy);
  }
  const other = NO_IMAGES.find(({ sign }) => sign.test(text));
  if (other) return fault('NOT_AN_IMAGE', other.what, other.remedy);
  if (isText(bytes)) return fault('NOT_AN_IMAGE', 'is text, not an image', 'Remove it.');
  const remedy = 'Convert it to JPEG or PNG, or remove it.';
  return fault('NOT_AN_IMAGE', `is not a ${IMAGE_KINDS_IN_WORDS} image`, remedy);
}

export const isFault = (kind: ImageKind | ImageFault): kind is ImageFault =>
  typeof kind === 'object';

const fault = (code: string, what: string, remedy: string): ImageFault => ({ code, what, remedy });

/** Matches bytes, read as latin1. (A linter forbids control characters in literals; signatures are full of them.) */
const bytesLike = ({ raw }: TemplateStringsArray): RegExp => new RegExp(raw.join(''), 's');
const textLike = ({ raw }: TemplateStringsArray): RegExp => new RegExp(raw.join(''), 'is');

/** ISO base media files name their brand behind `ftyp`, and after it the brands that they are compatible with. */
const brand = (brands: string): RegExp => new RegExp(`^.{4}ftyp(?:${brands})`, 's');

const READ: { kind: ImageKind; sign: RegExp }[] = [
  { kind: 'JPEG', sign: bytesLike`^\xff\xd8\xff(?!\xf7)` }, // F7 would be JPEG-LS
  { kind: 'PNG', sign: bytesLike`^\x89PNG\r\n\x1a\n` },
  { kind: 'GIF', sign: bytesLike`^GIF8[79]a` },
  { kind: 'WebP', sign: bytesLike`^RIFF.{4}WEBP` },
  { kind: 'AVIF', sign: brand('avi[fs]') },
  { kind: 'AVIF', sign: bytesLike`^.{4}ftypm[is]f1.{0,40}avi[fs]` },
  { kind: 'TIFF', sign: bytesLike`^(?:II[*+]\0(?!.{4}CR\x02)|MM\0[*+])` }, // CR: a raw file of Canon
];

const toPng = (extension: string): string =>
  `Convert it to PNG, for instance with ImageMagick: magick mogrify -format png *.${extension}`;
const developed = 'Export it as JPEG or TIFF with the program that develops your photographs.';
const frames = 'Extract frames from it, for instance with: ffmpeg -i VIDEO -vf fps=1 %04d.png';

/** Images and the like that neither sharp's libraries nor another one here can read. */
const NOT_READ: { name: string; sign: RegExp; remedy: string }[] = [
  { name: 'a BMP image', sign: bytesLike`^BM.{4}\0\0\0\0`, remedy: toPng('bmp') },
  {
    name: 'a HEIC image',
    sign: brand('he[iv][cxms]|m[is]f1'),
    remedy:
      'Convert it to JPEG: on a Mac with "sips -s format jpeg *.heic --out .", elsewhere with heif-convert; iPhones take JPEG under Settings, Camera, Formats, Most Compatible.',
  },
  {
    name: 'a DICOM file',
    sign: bytesLike`^.{128}DICM`,
    remedy:
      'Convert it to 16-bit PNG, for instance with DCMTK: dcm2img --write-16-bit-png IN.dcm OUT.png',
  },
  {
    name: 'a JPEG XL image',
    sign: bytesLike`^(?:\xff\x0a|\0\0\0\x0cJXL )`,
    remedy: toPng('jxl'),
  },
  { name: 'a JPEG-LS image', sign: bytesLike`^\xff\xd8\xff\xf7`, remedy: toPng('jls') },
  {
    name: 'a JPEG 2000 image',
    sign: bytesLike`^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)`,
    remedy: toPng('jp2'),
  },
  {
    name: 'an SVG drawing',
    sign: textLike`^(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?|<!--.*?|<!DOCTYPE )?\s*(?:<svg|svg)[\s>]`,
    remedy: 'Convert it to PNG, for instance with: rsvg-convert -h 512 IN.svg -o OUT.png',
  },
  {
    name: 'a Photoshop file',
    sign: bytesLike`^8BPS`,
    remedy: 'Export it as PNG or JPEG.',
  },
  {
    name: 'a GIMP file',
    sign: bytesLike`^gimp xcf`,
    remedy: 'Export it as PNG or JPEG.',
  },
  {
    name: 'a PDF',
    sign: bytesLike`^%PDF-`,
    remedy: 'Convert its pages, for instance with: pdftoppm -png IN.pdf OUT',
  },
  {
    name: 'an icon file',
    sign: bytesLike`^\0\0[\x01\x02]\0[^\0]\0`,
    remedy: toPng('ico'),
  },
  { name: 'a PNM image', sign: bytesLike`^P[1-7][\s#]`, remedy: toPng('p?m') },
  {
    name: 'an OpenEXR image',
    sign: bytesLike`^\x76\x2f\x31\x01`,
    remedy: toPng('exr'),
  },
  { name: 'a Radiance image', sign: bytesLike`^#\?RADIANCE`, remedy: toPng('hdr') },
  { name: 'a FITS image', sign: bytesLike`^SIMPLE {2}=`, remedy: toPng('fits') },
  {
    name: 'a raw photograph',
    sign: bytesLike`^(?:FUJIFILMCCD-RAW|IIRO|IIRS|IIU\0|II\*\0.{4}CR\x02|.{4}ftypcrx )`,
    remedy: developed,
  },
  {
    name: 'a video',
    sign: bytesLike`^(?:.{4}ftyp|\x1a\x45\xdf\xa3|RIFF.{4}AVI )`,
    remedy: frames,
  },
];

const again = 'Download it again; what came was not the image.';

/** What lies under the name of an image now and then. */
const NO_IMAGES: { sign: RegExp; what: string; remedy: string }[] = [
  {
    sign: bytesLike`^\0+$`,
    what: 'begins with nothing but zero bytes',
    remedy: 'Copy or download it again.',
  },
  {
    sign: bytesLike`^version https://git-lfs`,
    what: 'is a pointer of Git LFS, not the image itself',
    remedy: 'Run "git lfs pull", then upload the dataset again.',
  },
  {
    sign: textLike`^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)\b`,
    what: 'is a web page, not an image',
    remedy: again,
  },
  {
    sign: textLike`^(?:\xef\xbb\xbf)?\s*<[?!a-z]`,
    what: 'is XML, not an image',
    remedy: again,
  },
  {
    sign: bytesLike`^(?:\xef\xbb\xbf)?\s*[[{]\s*["{[\]}]`,
    what: 'is JSON, not an image',
    remedy: again,
  },
  {
    sign: bytesLike`^(?:PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!)`,
    what: 'is an archive, not an image',
    remedy: 'Unpack it where it lies, then upload the dataset again.',
  },
  {
    sign: bytesLike`^\x93NUMPY`,
    what: 'is a NumPy array, not an image',
    remedy: 'Save it as PNG.',
  },
];

const isText = (bytes: Buffer): boolean =>
  bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d)) && !bytes.includes(0x7f);
