import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportPage } from '#training-image/report/report-page.ts';
import { aReport } from './a-report.ts';
import { CHROMIUM, openChromium } from './chromium.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Students that look different: few classes, many, and names that would break a page. */
const STUDENTS = {
  three: { classes: ['cat', 'dog', 'hamster'], perClass: 30 },
  many: { classes: Array.from({ length: 120 }, (_, i) => `breed ${i}`), perClass: 6 },
  hostile: {
    classes: ['<img src=http://x.test/a>', '"><script>alert(2)</script>', 'مرحبا', 'x'.repeat(100)],
    perClass: 20,
    wrong: 0.3,
  },
};
const SCREENS = [
  ['on a desktop, light', { width: 1180, colorScheme: 'light' }],
  ['on a phone, dark', { width: 390, colorScheme: 'dark' }],
] as const;

describe.skipIf(CHROMIUM === undefined)('the report in a browser', () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'understudy-report-'));
    for (const [name, student] of Object.entries(STUDENTS))
      await writeFile(join(folder, `${name}.html`), await reportPage(await aReport(student)));
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a page as a person would, and takes note of all that it asks for and complains of. */
  async function opened(name: string, screen: { width: number; colorScheme: 'light' | 'dark' }) {
    const { width, colorScheme } = screen;
    // The test's own script must pass; what the policy forbids the page is seen in another test.
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => void requests.push(request.url()));
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(error.message));
    page.on('dialog', (dialog) => void complaints.push(dialog.message()));
    const url = pathToFileURL(join(folder, `${name}.html`)).href;
    await page.goto(url);
    return {
      page,
      complaints,
      others: requests.filter((each) => each !== url && !each.startsWith('data:')),
    };
  }

  describe.each(Object.keys(STUDENTS))('of %s', (name) => {
    it.each(SCREENS)('asks for nothing, and fits, %s', async (_, screen) => {
      const { page, others, complaints } = await opened(name, screen);

      expect({ others, complaints }).toEqual({ others: [], complaints: [] });
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBe(screen.width);
      await page.context().close();
    });

    it.each(SCREENS)(
      'has no serious fault for those who cannot see it well, %s',
      async (_, screen) => {
        const { page } = await opened(name, screen);
        const axe = await readFile(AXE, 'utf8');

        // By the debugger's protocol, to which the policy of the page does not apply.
        await page.evaluate(axe);
        const results = (await page.evaluate('axe.run()')) as AxeResults;

        const serious = results.violations.filter(({ impact }) =>
          ['serious', 'critical'].includes(impact ?? ''),
        );
        expect(serious.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
        await page.context().close();
      },
    );
  });

  it('lets a reader sort the classes', async () => {
    const { page } = await opened('many', { width: 1180, colorScheme: 'light' });
    const recalls = async () =>
      page.evaluate(
        `[...document.querySelector('table[data-sortable]').tBodies[0].rows].map((row) => Number(row.cells[4].dataset.value))`,
      ) as Promise<number[]>;

    await page.click('table[data-sortable] th:nth-child(5) button');

    const sorted = await recalls();
    expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    expect(new Set(sorted).size).toBeGreaterThan(1);
    await page.context().close();
  });
});
