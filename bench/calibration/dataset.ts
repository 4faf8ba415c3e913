import sharp from 'sharp';

/** An image as a PNG of at most 64 px, and its class. */
export interface CalibrationImage {
  png: Buffer;
  label: string;
  /** A font, say: all images of a group are used for training, or all of them for testing. */
  group?: string;
}

/** A labelled dataset of the calibration. Loading it twice gives the same images in the same order. */
export interface CalibrationDataset {
  name: string;
  /** where the images come from; datasets of one source are left out together */
  source: string;
  about: string;
  load(say: (line: string) => void): Promise<CalibrationImage[]>;
}

/** @param pixels uint8, [side, side, channels] row by row */
export const pngOf = (pixels: Uint8Array, side: number, channels: 1 | 3): Promise<Buffer> =>
  sharp(pixels, { raw: { width: side, height: side, channels } })
    .png()
    .toBuffer();
