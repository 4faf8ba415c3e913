import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { predictionRows } from '#core/predictions-csv.ts';
import { isPrintable } from '#core/printable.ts';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { saveStudent } from '#training-image/student/save-student.ts';
import { aCard } from '../../cards.ts';

/** Names that would do something if a file or a terminal took them for more than names. */
const NAMES = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  '</title><script>alert(1)</script>',
  '`<b onclick=alert(1)>`',
  '``<i>``` ` <i>',
  '[click](javascript:alert(1))',
  '![x](http://example.com/x.png)',
  '| a | b |',
  "=cmd|'/c calc'!A1",
  '=HYPERLINK("http://example.com")',
  '+1+1',
  '-2+3',
  '@SUM(1,1)',
  ' =1+1',
  '＝1+1',
  'a;=1+1',
  'a,=1+1',
  '"=1+1"',
  "'=1+1",
  '$'.concat('{alert(1)} {{7*7}} %s'),
  '\u001b[2J\u001b[31mred',
  '\u009b31m',
  '\u202egpj.exe',
  '\u2066a\u2069',
  'a\u2028b',
  'a\nb',
  'a\rb',
  '__proto__',
];

async function exported(name: string) {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-inert-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { files: _, ...card } = aCard({ classes: ['cat', name] });
  const named = {
    examples: [{ path: name }],
    contents: ['0'.repeat(64)],
    classes: ['cat', name],
  };
  const answer = { example: 0, label: 0, predicted: 1, confidence: 0.5, ofLabel: 0.1, best: [] };
  await saveStudent(folder, card, named, { answers: [answer], suspects: [answer] }, undefined);
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return {
    readme: await read('README.md'),
    page: await read('index.html'),
    labels: await read('labels.txt'),
    csv: await read('predictions.csv'),
    suspects: await read('suspects.csv'),
    card: await read('student.json'),
  };
}

/** What stands outside of code in a Markdown text, as CommonMark reads it. */
const outsideCode = (markdown: string): string =>
  markdown.replaceAll(/(?<!`)(`+)(?!`)([\s\S]*?)(?<!`)\1(?!`)/g, '');

describe.each(NAMES)('the name %j', (name) => {
  it('is a name, and nothing else, in every file of a student', async () => {
    const { readme, page, labels, csv, suspects, card } = await exported(name);
    const [plain] = [await exported('dog')];

    // README: outside of code, nothing differs from that of a harmless name; no control character is left.
    expect(outsideCode(readme)).toBe(outsideCode(plain.readme));
    for (const line of readme.split('\n')) expect(isPrintable(line)).toBe(true);
    // The page has no names in it; it gets them as data, and shows them as text.
    expect(page).toBe(plain.page);
    expect(labels.trimEnd().split('\n')).toHaveLength(2);
    expect(JSON.parse(card).classes).toEqual(['cat', name]);

    // Each row has its cells, none of which a spreadsheet runs, whatever separates them there.
    const rows: { predicted: string }[] = [];
    for await (const row of predictionRows([Buffer.from(csv)] as never)) rows.push(row);
    expect(rows.map(({ predicted }) => predicted.replace(/^'/, ''))).toEqual([
      name.replace(/^'/, ''),
    ]);
    for (const { predicted } of rows) expect(predicted).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
    for (const file of [csv, suspects]) {
      const unquoted = file.replaceAll(/"([^"]|"")*"/g, '');
      expect(unquoted).not.toMatch(/[;\t]|(^|,)\s*[=+\-@＝＋－＠]/m);
    }
  });

  it('cannot control a terminal', () => {
    expect(isPrintable(escapeForTerminal(name))).toBe(true);
  });
});

it('the page shows names as text only', async () => {
  const { page } = await exported('dog');

  expect(page).not.toMatch(
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/,
  );
});
