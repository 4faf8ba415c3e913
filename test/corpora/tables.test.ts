import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { answerOf, judgeFiles } from './judge.ts';
import { IMAGES, TABLES } from './tables.ts';

const red = { width: 8, height: 8, channels: 3, background: 'red' } as const;
const image = await sharp({ create: red }).png().toBuffer();
const images = Object.fromEntries(IMAGES.map((path) => [path, image]));

describe('the corpus of tables and lists', () => {
  it('has at least thirty', () => expect(TABLES.length).toBeGreaterThanOrEqual(30));

  it.each(TABLES)('answers to $name: $answer', { timeout: 60_000 }, async (each) => {
    const before = process.cpuUsage();
    const judged = await judgeFiles({ ...images, ...each.files });
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10); // seconds, however busy the machine is

    expect(answerOf(judged)).toBe(each.answer);
    if (each.labels) expect(judged.read.classes.map(({ name }) => name)).toEqual(each.labels);
    if (each.format) expect(judged.read.format).toBe(each.format);
    for (const { where } of judged.problems) expect(where).not.toBe('');
    const { examples, used, leftOut } = judged.read;
    const all = IMAGES.length + Object.keys(each.files).length;
    if (judged.problems.length === 0)
      expect(examples.length + used.length + leftOut.length).toBe(all);
  });
});
