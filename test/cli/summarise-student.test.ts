import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { summariseStudent } from '#cli/summarise-student.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { aCard, anOldCard, aVersion } from '../cards.ts';

describe('summariseStudent', () => {
  it('says how good the student is, how it was made, and what to do next', () => {
    const text = stripVTControlCharacters(summariseStudent(aCard(), [], {}));

    expect(text).toContain('Correct on 93.1% of images it had not seen (27 of 29 test images;');
    expect(text).toContain('28 s of it to measure and decide: head only, on efficientnet-lite0');
    expect(text).toContain('The figures are of the student before that.');
    expect(text).toMatch(/Classify images +npx understudy predict d200 IMAGE\.\.\.\n/);
    expect(text).toMatch(/See the report +npx understudy report d200 --open\n/);
    expect(text).not.toMatch(/undefined|NaN|\n\n\n/);
  });

  it('quotes what a shell would take apart, and keeps the stack', () => {
    const card = aCard({ student: "a 'b'" });

    const text = summariseStudent(card, ['my image.png', 'b/c.png'], { stack: 'own' });

    expect(text).toContain(
      "npx understudy predict 'a '\\''b'\\''' 'my image.png' b/c.png --stack own",
    );
  });

  it('names the version, and compares it with the one before', () => {
    const entry = aVersion(2);

    const text = stripVTControlCharacters(
      summariseStudent(aCard(), [], {}, { entry, isLatest: true }),
    );

    expect(text).toMatch(/^d200 v2 \([0-9a-f]{12}\)\n/);
    expect(text).toContain(
      '\n  v2: 37 of 40; v1 on the same 40 images: 35. That may be chance (p = 0.5).',
    );
    expect(text).toMatch(/npx understudy predict d200 IMAGE/);
  });

  it('shows how to use a version that is not the latest', () => {
    const steps = (entry: NumberedVersion | undefined) =>
      summariseStudent(aCard({ version: 'aaaaaaaaaaaa' }), [], {}, { entry, isLatest: false });

    expect(steps(aVersion(2))).toMatch(/npx understudy predict d200\/v2 IMAGE/);
    expect(steps(undefined)).toMatch(/npx understudy report d200\/aaaaaaaaaaaa --open\n/);
  });

  it('says where the wrong answers are', () => {
    const files = [{ path: 'predictions.csv', bytes: 1, sha256: 'x' }];

    expect(summariseStudent(aCard({ files }), [], {})).toContain(
      '  The 2 images it got wrong are listed in predictions.csv, among its files.\n',
    );
    expect(summariseStudent(aCard(), [], {})).not.toContain('predictions.csv');
  });

  it('copes with a student of an earlier version', () => {
    expect(summariseStudent(anOldCard(), [], {})).not.toMatch(/undefined|NaN|measure and decide/);
  });
});
