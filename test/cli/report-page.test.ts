import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Library } from '#cli/library.ts';
import { openInBrowser } from '#cli/open-in-browser.ts';
import { fetchReport, forgetReports } from '#cli/report-page.ts';
import { sha256 } from '#core/identity.ts';
import { aCard } from '../cards.ts';

const PAGE = Buffer.from('<!doctype html>');

/** A library in which every object is the page. */
const library = {
  read: async () =>
    (async function* () {
      yield PAGE;
    })(),
} as unknown as Library;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-page-'));
  vi.stubEnv('UNDERSTUDY_STATE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const cardWith = (digest: string) =>
  aCard({ files: [{ path: 'report.html', bytes: PAGE.length, sha256: digest }] });

describe('the report of a student', () => {
  it('is put where a browser can open it, and removed with the student', async () => {
    const card = cardWith(sha256(PAGE));

    const file = (await fetchReport(library, card)) ?? '';

    expect(file).toBe(join(folder, 'reports', card.student, `${card.version}.html`));
    expect(await readFile(file)).toEqual(PAGE);
    await forgetReports(card.student, [card.version, 'another']);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('is none for a student of an earlier version', async () => {
    expect(await fetchReport(library, aCard({ files: [] }))).toBeUndefined();
  });

  it('is refused if it is damaged', async () => {
    await expect(fetchReport(library, cardWith('0'.repeat(64)))).rejects.toThrow('is damaged');
  });
});

describe('openInBrowser', () => {
  it('says whether something opened the page', async () => {
    expect(await openInBrowser('x.html', [process.execPath, '-e', '0'])).toBe(true);
    expect(await openInBrowser('x.html', [process.execPath, '-e', 'process.exit(3)'])).toBe(false);
    expect(await openInBrowser('x.html', [join(folder, 'no-such-program')])).toBe(false);
  });
});
