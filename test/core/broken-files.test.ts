import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summariseBroken } from '#core/broken-files.ts';
import { failureText } from '#core/training-contract.ts';

const cut = (count: number, what = 'cannot be decoded (it ends early)') =>
  Array.from({ length: count }, (_, i) => ({ file: `cat/${i}.png`, what }));

describe('summariseBroken', () => {
  it('names a single file', () => {
    expect(summariseBroken(cut(1))).toBe('cat/0.png cannot be decoded (it ends early).');
  });

  it('groups files by cause, the most frequent first', () => {
    const broken = [...cut(2, 'does not match its checksum in the archive'), ...cut(50)];

    expect(summariseBroken(broken)).toBe(
      'Each of 50 files cannot be decoded (it ends early): cat/0.png, cat/1.png, cat/2.png and 47 more. Each of 2 files does not match its checksum in the archive: cat/0.png, cat/1.png.',
    );
  });

  it('fits the failure file in whole sentences, whatever it is given', () => {
    const text = fc.string({ minLength: 1, maxLength: 400, unit: 'grapheme' });
    const broken = fc.array(fc.record({ file: text, what: text }), { minLength: 1 });
    fc.assert(
      fc.property(broken, (files) => {
        const summary = summariseBroken(files);
        expect(failureText('VALIDATION_FAILED', summary)).toBe(`VALIDATION_FAILED: ${summary}`);
        expect(summary.endsWith('.')).toBe(true);
      }),
    );
  });
});
