import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { archiveCases } from './archives.ts';
import { answerOf, judgeArchive } from './judge.ts';

const red = { width: 8, height: 8, channels: 3, background: 'red' } as const;
const image = await sharp({ create: red }).png().toBuffer();
const cases = archiveCases(image);

describe('the corpus of archives', () => {
  it('has at least thirty', () => expect(cases.length).toBeGreaterThanOrEqual(30));

  it.each(cases)('answers to $name: $answer', { timeout: 60_000 }, async (each) => {
    const bytes = each.bytes();
    const before = process.cpuUsage();
    const judged = await judgeArchive(bytes);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10); // seconds, however busy the machine is

    expect(answerOf(judged)).toBe(each.answer);
    const named = judged.problems.map(({ where, what }) => `${where} ${what}`).join('\n');
    if (each.answer !== 'accepted' && each.answer !== 'TOO_FEW_CLASSES')
      expect(named).toContain(
        each.names ?? (each.answer === 'FILE_EMPTY' ? 'c0/0.png' : 'pets.zip'),
      );
  });
});
