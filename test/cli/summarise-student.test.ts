import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { summariseStudent } from '#cli/summarise-student.ts';
import { aCard, anOldCard } from '../cards.ts';

describe('summariseStudent', () => {
  it('says how good the student is, how it was made, and what to do next', () => {
    const text = stripVTControlCharacters(summariseStudent(aCard(), [], {}));

    expect(text).toContain('Correct on 93.1% of images it had not seen (27 of 29 test images;');
    expect(text).toContain('28 s of it to measure and decide: head only, on efficientnet-lite0');
    expect(text).toContain('The figures are of the student before that.');
    expect(text).toMatch(/Classify images +npx understudy predict d200 IMAGE\.\.\.\n/);
    expect(text).toMatch(/See all that was measured +npx understudy report d200\n/);
    expect(text).not.toMatch(/undefined|NaN|\n\n\n/);
  });

  it('quotes what a shell would take apart, and keeps the stack', () => {
    const card = aCard({ student: "a 'b'" });

    const text = summariseStudent(card, ['my image.png', 'b/c.png'], { stack: 'own' });

    expect(text).toContain(
      "npx understudy predict 'a '\\''b'\\''' 'my image.png' b/c.png --stack own",
    );
  });

  it('copes with a student of an earlier version', () => {
    expect(summariseStudent(anOldCard(), [], {})).not.toMatch(/undefined|NaN|measure and decide/);
  });
});
