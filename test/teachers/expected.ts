import { readFileSync } from 'node:fs';

/** What Keras and PyTorch, which agree to 7e-6, answer to a synthetic image; rounded to 4 or 5 digits. */
export type Expected = {
  k: number;
  top5: number[];
  top5_logits: number[];
  features_first8: number[];
  features_l2: number;
  features_sum: number;
};

export function expectedOf(teacher: string): Expected[] {
  const file = new URL('../fixtures/teachers/expected.json', import.meta.url);
  const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { images: Expected[] }>;
  return all[teacher]?.images ?? [];
}

/** The k-th synthetic image, [px, px, 3], 0 to 255. */
export function syntheticPixels(k: number, px: number): Float32Array {
  const pixels = new Float32Array(px * px * 3);
  let i = 0;
  for (let y = 0; y < px; y++) {
    for (let x = 0; x < px; x++) {
      for (let channel = 0; channel < 3; channel++) {
        pixels[i++] = (7 * k * y + 13 * x + 31 * channel + ((y * x) % 251)) % 256;
      }
    }
  }
  return pixels;
}
