import { describe, expect, it } from 'vitest';
import { fittingTable, pairs, paragraph, table } from '#cli/layout.ts';
import { jsonText } from '#cli/output.ts';
import { isPrintable } from '#core/printable.ts';
import { percent } from '#core/quantities.ts';

describe('table', () => {
  it('aligns its columns', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['aaa', 'b', ''],
      ]),
    ).toBe('a    bb  c\naaa  b');
  });

  it('shows names from outside as one line of plain text', () => {
    const name = 'pets\u001b[2J\nSTUDENT  \u202eevil';

    expect(table([[name, 'published']])).toBe(
      'pets\\u001b[2J\\u000aSTUDENT  \\u202eevil  published',
    );
  });
});

describe('fittingTable', () => {
  const rows = [
    ['STUDENT', 'DIGEST', 'ACCURACY'],
    ['猫', '0a1b2c3d4e5f', '93.1%'],
  ];

  it('leaves out the least important columns first', () => {
    expect(fittingTable(rows, [1, 0], undefined)).toBe(table(rows));
    expect(fittingTable(rows, [1, 0], 31)).toBe(table(rows));
    expect(fittingTable(rows, [1, 0], 30)).toBe('STUDENT  ACCURACY\n猫       93.1%');
    expect(fittingTable(rows, [1, 0], 10)).toBe('ACCURACY\n93.1%');
  });

  it('cuts off what is still too long', () => {
    expect(fittingTable(rows, [], 12)).toBe('STUDENT  DI…\n猫       0a…');
    expect(fittingTable([['猫猫猫猫']], [], 4)).toBe('猫…');
  });
});

describe('pairs', () => {
  const commands = [
    ['Classify', 'npx understudy predict pets'],
    ['Look', 'npx understudy report pets'],
  ] as const;

  it('keeps a command in one piece', () => {
    expect(pairs(commands, undefined)).toBe(table(commands));
    expect(pairs(commands, 37)).toBe(table(commands));
    expect(pairs(commands, 36)).toBe(
      'Classify:\n  npx understudy predict pets\nLook:\n  npx understudy report pets',
    );
  });
});

describe('table with wide characters', () => {
  it('counts two places for each', () => {
    expect(
      table([
        ['猫', 'x'],
        ['cats', 'y'],
      ]),
    ).toBe('猫    x\ncats  y');
  });
});

describe('paragraph', () => {
  it('breaks between words, and indents each line', () => {
    expect(paragraph('one two three four five six', 2, 22)).toBe(
      '  one two three four\n  five six',
    );
  });

  it('has lines of at most 100 columns, however wide the terminal is', () => {
    const lines = paragraph('word '.repeat(100).trimEnd(), 0, 300).split('\n');

    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it('leaves a text whole that does not go to a terminal', () => {
    expect(paragraph('word '.repeat(100), 1, undefined)).toBe(` ${'word '.repeat(100)}`);
  });
});

describe('jsonText', () => {
  it('has no character that a terminal would act on, and is the same data', () => {
    const data = { name: 'a\u001b[2J\u009b2J\u202eb\nc', classes: ['猫'] };

    expect(jsonText(data).split('\n').every(isPrintable)).toBe(true);
    expect(JSON.parse(jsonText(data))).toEqual(data);
  });
});

describe('percent', () => {
  it('has one decimal and no space', () => {
    expect(percent(0.91457)).toBe('91.5%');
  });

  it('calls nothing else 100.0% or 0.0%', () => {
    expect([1, 0.9999, 0.0001, 0].map(percent)).toEqual(['100.0%', '99.9%', '0.1%', '0.0%']);
  });
});
