import { describe, expect, it } from 'vitest';
import { isOutOfMemory } from '#training-image/job/errors.ts';

describe('isOutOfMemory', () => {
  it.each([
    ['ResourceExhausted: OOM when allocating tensor', true],
    ['FATAL ERROR: JavaScript heap out of memory', true],
    ['Array buffer allocation failed', true],
    ['classroom/1.jpg has no label', false],
    ['the zoom level of mushroom.png', false],
  ])('%s: %s', (message, expected) => {
    expect(isOutOfMemory(message)).toBe(expected);
  });
});
