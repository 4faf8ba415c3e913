import sharp from 'sharp';

/** Longest side in pixels: twice what the page shows, for dense screens. */
const SIDE = 128;

const QUALITY = 72; // of WebP; chosen: 3 kB for a photograph

/** Bytes of all thumbnails together, in base64. A page of 2 MB can still be sent by mail. */
const MAX_BYTES = 1_200_000;

/** Pixels of an example, RGB, [px, px, 3]; `undefined` if it is not there any more. */
export type PixelsOf = (example: number) => Promise<Uint8Array | undefined>;

/** Small pictures of examples, as data URIs. */
export interface Thumbnails {
  /** @returns `undefined` if the image is gone, or if there is no room for more */
  of(example: number): Promise<string | undefined>;
  missing(): number; // so many were asked for in vain
}

/** Encodes the images that the page shows, each once, until they fill its room: those asked for first are the ones that are kept. */
export function openThumbnails(pixelsOf: PixelsOf, px: number, maxBytes = MAX_BYTES): Thumbnails {
  const known = new Map<number, string | undefined>();
  let [bytes, missing] = [0, 0];

  async function encoded(example: number): Promise<string | undefined> {
    const pixels = await pixelsOf(example);
    if (!pixels) return undefined;
    const webp = await sharp(pixels, { raw: { width: px, height: px, channels: 3 } })
      .resize({ width: Math.min(px, SIDE) })
      .webp({ quality: QUALITY })
      .toBuffer();
    return `data:image/webp;base64,${webp.toString('base64')}`;
  }

  return {
    async of(example) {
      if (!known.has(example)) known.set(example, await encoded(example));
      const uri = known.get(example);
      if (uri === undefined || bytes + uri.length > maxBytes) {
        missing += 1;
        return undefined;
      }
      bytes += uri.length; // the page repeats it each time
      return uri;
    },
    missing: () => missing,
  };
}
