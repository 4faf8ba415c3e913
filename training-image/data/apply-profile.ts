import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { pngChunk } from './png-chunk.ts';

/**
 * Turns the colours of an ICC profile into sRGB. Libvips only knows the profiles of files, so the pixels become a PNG.
 *
 * @param pixels RGB, [px, px, 3]
 * @param profile an ICC profile for RGB; one that is damaged changes nothing, as in any file
 */
export async function applyProfile(pixels: Buffer, px: number, profile: Buffer): Promise<Buffer> {
  const png = await sharp(pixels, { raw: { width: px, height: px, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const withProfile = Buffer.concat([
    png.subarray(0, HEADER_END),
    pngChunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(profile, { level: 1 })])),
    png.subarray(HEADER_END),
  ]);
  return sharp(withProfile).toColourspace('srgb').removeAlpha().raw().toBuffer();
}

const HEADER_END = 33; // bytes: the signature, and the IHDR chunk, which is always first
