import { describe, expect, it } from 'vitest';
import { unlessFaulty } from '#training-image/report/unless-faulty.ts';

describe('unlessFaulty', () => {
  it('gives what was made', async () => {
    const lines: string[] = [];
    const report = { line: (line: string) => void lines.push(line), progress: () => undefined };

    expect(await unlessFaulty(report, async () => 'page')).toBe('page');
    expect(lines).toEqual([]);
  });

  it('says why there is none, also of a fault that is thrown at once', async () => {
    const lines: string[] = [];
    const report = { line: (line: string) => void lines.push(line), progress: () => undefined };

    const made = await unlessFaulty(report, () => {
      throw new Error('no such plot');
    });

    expect(made).toBeUndefined();
    expect(lines).toEqual([
      expect.stringMatching(/^The report could not be made: Error: no such plot/),
    ]);
  });
});
