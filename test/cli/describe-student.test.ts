import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeStudent } from '#cli/describe-student.ts';
import type { StudentCard } from '#core/card.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { aCard, aFineTuning, anOldCard, aVersion, crossValidated } from '../cards.ts';

const report = (card: StudentCard, entry?: NumberedVersion) =>
  stripVTControlCharacters(describeStudent(card, { bucket: 'understudy' }, entry));

describe('describeStudent', () => {
  it('prints a student of an earlier version, which had no plan', () => {
    const text = report(anOldCard());

    expect(text).toMatch(/CLASS +TRAIN +VALIDATION +TEST +CORRECT +F1/);
    expect(text).toContain('Trained: head and the last 2 blocks');
    expect(text).toContain('stopped when the validation loss no longer fell');
    expect(text).not.toMatch(/Plan|undefined|NaN/);
  });

  it('tells the plan, and that the figures are of the student before the refit', () => {
    const text = report(aCard());

    expect(text).toContain('The figures are of the student before that.');
    expect(text).toContain('Plan, measured on 400 images in 28 s');
    expect(text).toMatch(/efficientnet-lite0 +160 px +84\.2% ± 1\.8 +10 ms +chosen/);
    expect(text).toContain('▁▃▄▅▇▇▇; the peak is block 6 of 7 (κ 0.80)');
    expect(text).toContain('Trained: head only; 3,413,024 parameters');
    expect(text).not.toMatch(/undefined|NaN|\n\n\n/);
  });

  it('names the version, and compares it with the one before', () => {
    const text = report(aCard({ version: 'bbbbbbbbbbbb' }), aVersion(2));

    expect(text).toContain('Student d200 v2 (bbbbbbbbbbbb)\n');
    expect(text).toContain('v2: 37 of 40; v1 on the same 40 images: 35.');
    expect(report(aCard({ version: 'bbbbbbbbbbbb' }))).toContain('Student d200 bbbbbbbbbbbb\n');
  });

  it('has one column of images if they were judged by cross-validation', () => {
    const card = aCard();
    const metrics = crossValidated(card.metrics, [0.95]);

    const text = report({ ...card, metrics });

    expect(text).toMatch(/CLASS +IMAGES +CORRECT +F1/);
    expect(text).toContain('Accuracy in 5-fold cross-validation of 90 images: ');
  });

  it('says why images were mirrored', () => {
    expect(report(aCard({ fineTuning: aFineTuning() }))).toContain('Images were mirrored: ');
  });
});
