import { describe, expect, it } from 'vitest';
import { neededBytesIn, unwritable, unwritableInWords } from '#core/unwritable.ts';

const withCode = (code: string) => Object.assign(new Error('write'), { code });

describe('unwritable', () => {
  it.each([
    ['ENOSPC', 'full'],
    ['EDQUOT', 'quota'],
    ['EFBIG', 'file-size'],
    ['EROFS', 'read-only'],
    ['EACCES', 'denied'],
  ])('knows the system’s %s', (code, why) => {
    expect(unwritable(withCode(code))).toBe(why);
  });

  it('looks at the causes, and at messages of libraries', () => {
    const levelDb = new Error('IO error: /state/000003.log: No space left on device');

    expect(unwritable(new Error('not saved', { cause: withCode('ENOSPC') }))).toBe('full');
    expect(unwritable(new Error('not saved', { cause: levelDb }))).toBe('full');
  });

  it('leaves all other errors alone', () => {
    expect(unwritable(withCode('ECONNRESET'))).toBeUndefined();
    expect(unwritable('ENOSPC')).toBeUndefined();
    expect(unwritable(new Error('the class "full disk" is empty'))).toBeUndefined();
  });
});

describe('the sentence', () => {
  it('names the folder, what is free and what is needed', () => {
    const room = { folder: '/state', freeBytes: 12_345_678, neededBytes: 1_234_000_001 };

    expect(unwritableInWords('full', room)).toBe(
      'The disk is full: /state has 12 MB free, and 1,235 MB are needed.',
    );
    expect(unwritableInWords('full', { folder: '/state', freeBytes: 900 })).toBe(
      'The disk is full: /state has 0 MB free.',
    );
  });

  it('says in numbers what is needed, for whoever waits for that much', () => {
    const text = unwritableInWords('full', {
      folder: '/s',
      freeBytes: 0,
      neededBytes: 1_234_000_001,
    });

    expect(neededBytesIn(`CapacityError: ${text}`)).toBe(1_235_000_000);
    expect(neededBytesIn('The disk is full.')).toBeUndefined();
  });
});
