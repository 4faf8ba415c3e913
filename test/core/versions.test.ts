import { describe, expect, it } from 'vitest';
import { studentKeys, versionOfCard, versionsKey } from '#core/keys.ts';
import {
  formatVersions,
  type NumberedVersion,
  nextNumber,
  parseVersions,
  versionInWords,
  versionNamed,
} from '#core/versions.ts';

const aVersion = (number: number, version: string): NumberedVersion => ({
  number,
  version,
  jobId: 'j',
  uploadedAt: '2026-11-26T12:00:00.000Z',
  createdAt: '2026-11-26T12:00:01.000Z',
  test: { n: 40, correct: 35, accuracy: 0.875 },
});

describe('the list of versions', () => {
  it('is read as it was written', () => {
    const compared = { n: 30, correct: 28, correctBefore: 27, p: 1 };
    const versions = [
      aVersion(1, 'aaaaaaaaaaaa'),
      {
        ...aVersion(2, 'bbbbbbbbbbbb'),
        comparison: { with: { number: 1, version: 'aaaaaaaaaaaa' }, ...compared },
      },
      {
        ...aVersion(3, 'cccccccccccc'),
        comparison: { with: { number: 2, version: 'bbbbbbbbbbbb' }, whyNot: 'v2 is gone' },
      },
    ];

    expect(parseVersions(formatVersions(versions))).toEqual(versions);
  });

  it.each(['', '{', '{"schema": 2, "versions": []}', '{"schema": 1, "versions": [{"number": 0}]}'])(
    'is not read from %j',
    (text) => {
      expect(parseVersions(text)).toBeUndefined();
    },
  );

  it('never gives a number again', () => {
    expect(nextNumber([])).toBe(1);
    expect(nextNumber([aVersion(1, 'a'), aVersion(5, 'b')])).toBe(6);
  });
});

describe('versionNamed', () => {
  const versions = [aVersion(1, 'aaaaaaaaaaaa'), aVersion(12, 'bbbbbbbbbbbb')];

  it.each([
    ['v1', 'aaaaaaaaaaaa'],
    ['v12', 'bbbbbbbbbbbb'],
    ['bbbbbbbbbbbb', 'bbbbbbbbbbbb'],
    ['cccccccccccc', 'cccccccccccc'], // published before there was a list
    ['v2', 'v2'],
    ['v01', 'v01'],
  ])('takes %s for %s', (wanted, version) => {
    expect(versionNamed(versions, wanted)).toBe(version);
  });
});

it('names a version by its number and digest', () => {
  expect(versionInWords(aVersion(2, 'bbbbbbbbbbbb'))).toBe('v2 (bbbbbbbbbbbb)');
  expect(versionInWords({ version: 'bbbbbbbbbbbb' })).toBe('bbbbbbbbbbbb');
});

it.each([
  [studentKeys('pets', 'aaaaaaaaaaaa').card, 'aaaaaaaaaaaa'],
  [versionsKey('pets'), undefined],
  [studentKeys('cats', 'aaaaaaaaaaaa').card, undefined],
  [`${studentKeys('pets', 'aaaaaaaaaaaa').prefix}model/student.json`, undefined],
])('finds the version in the key of a card: %s', (key, version) => {
  expect(versionOfCard('pets', key)).toBe(version);
});
