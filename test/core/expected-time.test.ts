import { describe, expect, it } from 'vitest';
import {
  describeExpectedTime,
  expectedTimeLine,
  parseExpectedTime,
  totalSeconds,
} from '#core/expected-time.ts';

const expected = { features: 20, fineTuning: 240, rest: 18 };
const printed = new Date('2026-11-26T14:28:00Z');

describe('the line with the expected time', () => {
  it('can be read back, rounded up to seconds', () => {
    const line = expectedTimeLine({ features: 19.2, fineTuning: 239.5, rest: 18 });

    expect(parseExpectedTime(`${line}\n`)).toEqual(expected);
    expect(totalSeconds(expected)).toBe(278);
  });

  it('is no other line', () => {
    expect(parseExpectedTime('step=head done=1 of=4')).toBeUndefined();
    expect(parseExpectedTime('It expects features=1 fine-tuning=2 rest=3')).toBeUndefined();
  });
});

describe('describeExpectedTime', () => {
  it('says how long the parts take, and when all is ready', () => {
    expect(describeExpectedTime(expected, printed, 'UTC')).toBe(
      'about 5 min (20 s for the features, 4 min for fine-tuning, 18 s for the rest); ready at about 14:32',
    );
  });

  it('leaves fine-tuning out if there is none', () => {
    expect(describeExpectedTime({ ...expected, fineTuning: 0 }, printed, 'UTC')).toBe(
      'about 38 s (20 s for the features, 18 s for the rest); ready at about 14:28',
    );
  });
});
