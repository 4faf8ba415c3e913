import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { reportPage } from '#training-image/report/report-page.ts';
import { aReport } from './a-report.ts';

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "' onload='alert(3)",
  '</style><b>',
  'שלום עולם',
  'a\u202egnp.exe',
  '&lt;i&gt;',
  'x'.repeat(100),
];

/** A page without its script and its thumbnails, in whose letters any word may appear. */
const words = (page: string) =>
  page.replaceAll(/data:image[^"]*/g, '').replace(/<script>[\s\S]*<\/script>/, '');

/** What says that a number was none. */
const NO_NUMBER = /NaN|undefined|Infinity|\[object/;

const hashOf = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

describe('the report', () => {
  let page: string;
  beforeAll(async () => {
    page = await reportPage(
      await aReport({
        classes: HOSTILE,
        perClass: 12,
        wrong: 0.3,
        path: (label, i) => `${HOSTILE[label]}/${i}`,
      }),
    );
  });

  it('makes no HTML of the names of classes and files', () => {
    expect(page.match(/<(img src=x|b>|i>)/)).toBeNull();
    expect(page).not.toContain('<script>alert');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page).not.toContain('\u202e');
    expect(page).toContain('a\\u202egnp.exe');
    expect(page).toContain('<bdi>שלום עולם</bdi>');
    expect(page).toContain('<bdi>&amp;lt;i&amp;gt;</bdi>');
  });

  it('allows nothing but its own style, script and images', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';

    expect(policy.replaceAll('&#39;', "'").split('; ')).toEqual([
      "default-src 'none'",
      'img-src data:',
      `style-src '${hashOf(style)}'`,
      `script-src '${hashOf(script)}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(page.match(/ style="| on[a-z]+="/)).toBeNull();
    expect(
      page.match(/https?:\/\/[^"]*/g)?.every((url) => url.startsWith('http://www.w3.org/')),
    ).toBe(true);
  });

  it('says first what the terminal says, then what to do', async () => {
    const data = await aReport({ classes: ['cat', 'dog', 'hamster'], perClass: 40 });

    const text = (await reportPage(data)).replaceAll(/<[^>]*>/g, '');

    const { correct, n } = data.card.metrics.test;
    expect(text).toContain(`${correct} of ${n} test images; 95% interval`);
    expect(text.indexOf('What to do next')).toBeLessThan(text.indexOf('How good is that?'));
    expect(text).toContain('npx understudy predict pets IMAGE…');
  });

  it('says how to make the student again, with what its recipe changes', async () => {
    const data = await aReport({ classes: ['a', 'b'], perClass: 20 });

    const plain = await reportPage(data);
    const changed = await reportPage({ ...data, recipe: { ...data.recipe, seed: 7 } });

    expect(plain).toContain('npx understudy train FOLDER --name pets</pre>');
    expect(changed).toContain('npx understudy train FOLDER --name pets --recipe recipe.json</pre>');
    expect(changed).toContain('{\n  &quot;seed&quot;: 7\n}');
  });

  it('has 2 MB at most, however many classes and images, and says what is not shown', async () => {
    const classes = Array.from({ length: 600 }, (_, i) => `${i} `.padEnd(100, 'x'));
    const noise = new Uint8Array(3 * 32 * 32).map((_, i) => (i * 7919) % 251);

    const text = await reportPage(
      await aReport({ classes, perClass: 3, wrong: 0.5, pixelsOf: async () => noise }),
    );

    expect(Buffer.byteLength(text)).toBeLessThan(2e6);
    expect(text).toContain('The matrix of all 600 classes is in student.json.');
    expect(text).not.toContain('class="matrix"');
  });

  it('says so of images that are gone', async () => {
    const data = await aReport({
      classes: ['a', 'b'],
      perClass: 20,
      pixelsOf: async () => undefined,
    });

    const text = await reportPage(data);

    expect(text).toContain('not shown</span>');
    expect(text).not.toContain('<img');
    expect(text).toMatch(/\d+ images are not shown: gone, or left out/);
  });

  it('is a page for a student that could not be tested, too', async () => {
    const data = await aReport({ classes: ['a', 'b'], perClass: 0 });

    const text = await reportPage(data);

    expect(text).toContain('Not tested: there was no image to spare for it');
    expect(words(text).match(NO_NUMBER)).toBeNull();
  });

  it('shows no number that is none', () => {
    expect(words(page).match(NO_NUMBER)).toBeNull();
  });
});
