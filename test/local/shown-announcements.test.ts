import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shownAnnouncements } from '#local/shown-announcements.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-shown-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('shownAnnouncements', () => {
  it('lets each announcement be shown once, also by the next process', async () => {
    const file = join(folder, 'announced.json');
    const first = shownAnnouncements(file);
    const answers = await Promise.all(['a', 'b', 'a'].map(first));
    expect(answers).toEqual([true, true, false]);

    const second = shownAnnouncements(file);
    expect(await second('b')).toBe(false);
    expect(await second('c')).toBe(true);
  });

  it('shows an announcement rather twice than never: when its file is damaged, or cannot be written', async () => {
    const file = join(folder, 'announced.json');
    await writeFile(file, '{');
    expect(await shownAnnouncements(file)('a')).toBe(true);
    expect(await shownAnnouncements(join(folder, 'absent', 'x.json'))('a')).toBe(true);
  });
});
