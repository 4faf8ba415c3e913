import { describe, expect, it } from 'vitest';
import { checkImages } from '#lambdas/validate-dataset/check-images.ts';
import { tryDecodeImage } from '#training-image/data/decode-image.ts';
import { imageCases } from './images.ts';
import { fileOf } from './judge.ts';

const cases = await imageCases();
const PX = 32;

describe('the corpus of images', () => {
  it('has at least 120', () => expect(cases.length).toBeGreaterThanOrEqual(120));

  it.each(cases)('$name: $answer', { timeout: 60_000 }, async ({ bytes, answer }) => {
    const before = process.cpuUsage();
    const { problems } = await checkImages([fileOf('cat/odd name.jpg', bytes)]);
    const decoded = await tryDecodeImage(new Uint8Array(bytes), PX);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);

    for (const each of problems) expect(each.where).toBe('cat/odd name.jpg');
    const codes = problems.map(({ code }) => code);
    expect(codes.length).toBeLessThanOrEqual(1);
    const isRefused = codes.length > 0 || 'problem' in decoded;
    if (!isRefused && 'pixels' in decoded) expect(decoded.pixels).toHaveLength(PX * PX * 3);
    if (answer === 'used')
      expect({ codes, decoded: Object.keys(decoded) }).toEqual({ codes: [], decoded: ['pixels'] });
    else if (answer === 'refused') expect(isRefused).toBe(true);
    else if (answer !== 'either') expect(codes).toEqual([answer]);
  });
});
