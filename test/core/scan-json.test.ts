import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathKey, scanJson } from '#core/scan-json.ts';

const isFault = (text: string) => 'what' in scanJson(text);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Every value inside a value, with its path. */
function* partsOf(value: unknown, path: (string | number)[] = []): Generator<[string, unknown]> {
  yield [pathKey(path), value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) yield* partsOf(each, [...path, key]);
}

describe('scanJson', () => {
  it('accepts every JSON text, and finds each value where it stands', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const scanned = scanJson(text);
        if ('what' in scanned) throw new Error(scanned.what);

        for (const [key, part] of partsOf(JSON.parse(text))) {
          const start = text.slice(scanned.at.get(key)?.value);
          expect(start.startsWith(JSON.stringify(part).slice(0, 1))).toBe(true);
        }
      }),
    );
  });

  it('accepts what JSON.parse accepts, and nothing else', () => {
    const scraps = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '1',
        '-',
        '0',
        '.5',
        'e3',
        'true',
        'null',
        ' ',
        '\n',
        '\\',
        '/',
        '//',
      ],
      ...["'", '\t', '\u00e9', '\u2028', '{"a":1}', '[1,2]'],
    );
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 8 }), (parts) => {
        expect(!isFault(parts.join(''))).toBe(isJson(parts.join('')));
      }),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', '0', ' '),
        (value, at, by) => {
          const text = JSON.stringify(value, null, 1);
          const place = at % (text.length + 1);
          const spoilt = text.slice(0, place) + by + text.slice(place + 1);
          expect(!isFault(spoilt)).toBe(isJson(spoilt));
        },
      ),
    );
  });

  it.each([
    ['', 0, 'It is empty.'],
    ['  ', 2, 'It is empty.'],
    ['{', 0, 'This { is never closed; add } at the end.'],
    ['{"a": [1, 2', 6, 'This [ is never closed; add ] at the end.'],
    ['{"a":', 5, 'It ends where a value should follow.'],
    ['{"a": 1,}', 7, 'JSON allows no comma before }; remove this one.'],
    ['[1,]', 2, 'JSON allows no comma before ]; remove this one.'],
    ['{"a": 1 "b": 2}', 8, 'A comma is missing before this.'],
    ['{"a": [1}', 8, 'This should be ].'],
    ['{"a" 1}', 5, 'A colon is missing after the key "a".'],
    ['{"a": }', 6, 'A value is missing here.'],
    ['{,}', 1, 'There is one comma too many.'],
    ["{'a': 1}", 1, 'JSON takes double quotes ("), not single or typographic ones.'],
    ['{“a”: 1}', 1, 'JSON takes double quotes ("), not single or typographic ones.'],
    ['{"a": \'b\'}', 6, 'JSON takes double quotes ("), not single or typographic ones.'],
    ['{seed: 1}', 1, 'Keys must be in double quotes: "seed".'],
    ['{"a": blocks}', 6, 'Text must be in double quotes: "blocks".'],
    ['{"a": True}', 6, 'True is not a value in JSON; write true.'],
    ['{"a": None}', 6, 'None is not a value in JSON; write null.'],
    ['{"a": NaN}', 6, 'JSON has no NaN; write a number.'],
    ['{"a": -Infinity}', 6, 'JSON has no -Infinity; write a number.'],
    ['{"a": 007}', 6, '007 is not a number in JSON.'],
    ['{"a": .5}', 6, '.5 is not a number in JSON.'],
    ['{"a": 1} // mine', 9, 'JSON has no comments; remove this one, or write "//": "comment".'],
    ['# mine', 0, 'JSON has no comments; remove this one, or write "//": "comment".'],
    ['{"a": "b', 6, 'This text has no closing quotation mark on its line.'],
    ['{"a": "C:\\images"}', 9, 'This is no escape sequence of JSON; write \\\\ for a backslash.'],
    ['{"a": "\t"}', 7, 'Text must not contain a tab or another control character; write \\t.'],
    ['{} {}', 3, 'Nothing may follow the end of the JSON value.'],
  ])('says of %j, at %i: %s', (text, offset, what) => {
    expect(scanJson(text)).toEqual({ offset, what });
  });

  it('names keys that occur again, but not the same key of another object', () => {
    const scanned = scanJson('{"a": {"b": 1}, "b": 2, "\\u0061": 3}');

    expect(scanned).toMatchObject({ repeated: [{ path: ['a'], offset: 24, first: 1 }] });
  });
});
