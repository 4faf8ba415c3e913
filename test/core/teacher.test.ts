import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { differenceOf, teacherDigest } from '#core/teacher.ts';

const bytes = Buffer.from('weights');
const file = { name: 'model.json', bytes: bytes.length, sha256: sha256(bytes) };

describe('differenceOf', () => {
  it('is undefined for the very file, and names the size or the digest of any other', () => {
    expect(differenceOf(file, bytes)).toBeUndefined();
    expect(differenceOf(file, Buffer.from('weight'))).toBe('has 6 bytes instead of 7');
    expect(differenceOf(file, Buffer.from('weightz'))).toContain('has the sha256');
  });
});

describe('teacherDigest', () => {
  it('depends on every file, and not on their order', () => {
    const other = { ...file, name: 'group1.bin' };

    expect(teacherDigest({ files: [file, other] })).toBe(teacherDigest({ files: [other, file] }));
    expect(teacherDigest({ files: [file, other] })).not.toBe(teacherDigest({ files: [file] }));
  });
});
