import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pixelsOf } from '#cli/predict-images.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-images-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(name: string, bytes: Uint8Array | string) {
  const file = join(folder, name);
  await writeFile(file, bytes);
  return pixelsOf(file, 8);
}
const plain = () => sharp({ create: { width: 40, height: 40, channels: 3, background: 'red' } });

describe('pixelsOf', () => {
  it.each([
    ['page.jpg', '<!DOCTYPE html><html>', /^is a web page, not an image\. Download it again/],
    ['photo.heic', '\0\0\0\x24ftypheic\0\0\0\0mif1', /^is a HEIC image.*\. Convert it to JPEG/],
    ['empty.png', '', /^is empty\. Replace/],
  ])('says of %s what the training would say', async (name, bytes, problem) => {
    expect(await read(name, bytes)).toMatchObject({ problem: expect.stringMatching(problem) });
  });

  it('says what is no file', async () => {
    expect(await pixelsOf(join(folder, 'none.png'), 8)).toMatchObject({
      problem: 'does not exist.',
    });
    expect(await pixelsOf(folder, 8)).toMatchObject({
      problem: 'is a folder. Give image files.',
    });
  });

  it('tells of an image that lacks its end, and reads it', async () => {
    const whole = await plain().jpeg().toBuffer();

    const { note, pixels } = (await read('cut.jpg', whole.subarray(0, -2))) as {
      note?: string;
      pixels: Buffer;
    };

    expect(note).toBe('lacks its end; what is there was used');
    expect(pixels).toHaveLength(3 * 8 * 8);
    expect(await read('whole.jpg', whole)).toMatchObject({ note: undefined });
  });
});
