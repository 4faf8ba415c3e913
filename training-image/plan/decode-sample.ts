import pLimit from 'p-limit';
import { at } from '#core/at.ts';
import type { BrokenFile } from '#core/broken-files.ts';
import type { ManifestExample } from '#core/manifest.ts';
import type { Decoders } from '../data/decoders.ts';
import type { Dataset } from '../data/read-dataset.ts';
import { resize } from '../data/resize.mjs';
import { refusedFor } from '../job/errors.ts';
import type { StopSignal } from '../job/reporter.ts';
import type { Sample } from './measure-candidate.ts';

const SLOW_SECONDS = 0.03; // per image and thread; photographs of several megapixels take longer to decode
const MIN_DECODED = 2; // with fewer, nothing can be compared
const BASE_PX = 320; // larger than what any size that is tried needs

/**
 * Decodes a sample of the examples at any size. Images that are slow to decode are decoded once, and resized from a
 * smaller copy after that. Broken images are left out: the complete decoding will name all of them.
 *
 * @param indices of the sample among the examples
 * @returns a function that throws TrainingRefused VALIDATION_FAILED if hardly any image can be decoded
 */
export function sampleDecoder(
  dataset: Dataset,
  examples: readonly ManifestExample[],
  labels: Int32Array,
  indices: Int32Array,
  decoders: Decoders,
  stop: StopSignal,
): (px: number) => Promise<Sample> {
  let copies: Map<number, Uint8Array> | undefined; // by index, [BASE_PX, BASE_PX, 3]
  let fromOriginals = 0; // seconds that the originals took

  async function decodeAll(px: number): Promise<Map<number, Uint8Array>> {
    const decoded = new Map<number, Uint8Array>();
    const broken: BrokenFile[] = [];
    const limit = pLimit(decoders.concurrency);
    await limit.map([...indices], async (index) => {
      stop.throwIfRequested();
      const example = at(examples, index);
      const result = await decoders.decode(await dataset.read(example), px);
      if ('pixels' in result) decoded.set(index, result.pixels);
      else broken.push({ file: example.path, what: result.problem });
    });
    if (decoded.size < MIN_DECODED) {
      throw refusedFor('VALIDATION_FAILED', broken);
    }
    return decoded;
  }

  return async (px) => {
    const began = performance.now();
    const isFirst = copies === undefined;
    let decoded: Map<number, Uint8Array>;
    const isExact = !copies || copies.size === 0;
    if (copies && !isExact) {
      decoded = new Map();
      for (const [index, copy] of copies) {
        decoded.set(index, new Uint8Array(resize(copy, BASE_PX, BASE_PX, px).buffer));
      }
    } else decoded = await decodeAll(px);
    const seconds = (performance.now() - began) / 1000;
    if (isExact) fromOriginals = seconds;
    const perImage = (seconds / indices.length) * (decoders.concurrency / 2);
    if (isFirst) copies = perImage > SLOW_SECONDS ? await decodeAll(BASE_PX) : new Map();

    const found = indices.filter((index) => decoded.has(index));
    const pixels = new Uint8Array(found.length * px * px * 3);
    for (const [i, index] of found.entries()) pixels.set(decoded.get(index) ?? [], i * px * px * 3);
    return {
      pixels,
      indices: found,
      labels: found.map((index) => at(labels, index)),
      decodeSeconds: Math.max(seconds, fromOriginals), // the training has no copies to resize
      isExact,
    };
  };
}
