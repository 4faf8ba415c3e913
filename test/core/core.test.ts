import { describe, expect, it } from 'vitest';
import { uploadSealedBy } from '#core/keys.ts';
import { readManifest, writeManifest } from '#core/manifest.ts';
import { failureText, parseFailure } from '#core/plan.ts';
import { printable } from '#core/problem.ts';
import { wilson95 } from '#core/statistics.ts';

describe('uploadSealedBy', () => {
  it.each([
    ['datasets/pets.zip', { form: 'archive', name: 'pets', recipeKey: 'datasets/pets.json' }],
    [
      'datasets/pets/_READY',
      { form: 'folder', prefix: 'datasets/pets/', recipeKey: 'datasets/pets/dataset.json' },
    ],
    ['datasets/pets.rar', { form: 'stray' }],
  ])('reads %s as an upload', (key, upload) => {
    expect(uploadSealedBy(key)).toMatchObject(upload);
  });

  it.each([
    'datasets/',
    'datasets/pets.json',
    'datasets/pets/cat/1.png',
    'datasets/pets/cat/_READY',
    'students/a.zip',
  ])('starts nothing at %s', (key) => {
    expect(uploadSealedBy(key)).toBeUndefined();
  });
});

describe('wilson95', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [29, 29, 29 / (29 + 3.841459), 1], // closed form where all are right: n / (n + z²)
  ])('of %i in %i is as published', (correct, n, low, high) => {
    const [l, h] = wilson95(correct, n);

    expect(l).toBeCloseTo(low, 4);
    expect(h).toBeCloseTo(high, 4);
  });
});

describe('the manifest', () => {
  const manifest = {
    header: {
      schema: 1 as const,
      dataset: 'datasets/p.zip',
      format: 'class-folders' as const,
      classes: ['a', 'b'],
      examples: 1,
    },
    examples: [{ path: 'a/1\n.png', label: 0, entry: { name: 'a/1\n.png', size: 3, crc32: 7 } }],
  };

  it('comes back as it was written', () => {
    expect(readManifest(writeManifest(manifest))).toEqual(manifest);
  });

  it('is refused when a line is missing', () => {
    const [first] = writeManifest(manifest).split('\n');

    expect(() => readManifest(`${first}\n`)).toThrow('should have 1 examples, but has 0');
  });
});

describe('failures', () => {
  it('come out of SageMaker’s wrapping as they went in', () => {
    const wrapped = `AlgorithmError: ${failureText('DATA_CHANGED', 'pets.zip has 12 bytes, not 13.')}, exit code: 1`;

    expect(parseFailure(wrapped)).toMatchObject({
      code: 'DATA_CHANGED',
      what: 'pets.zip has 12 bytes, not 13.',
    });
    expect(parseFailure(undefined).code).toBe('TRAINING_FAILED');
  });
});

describe('printable', () => {
  it('lets no escape sequence, direction mark or endless name through', () => {
    expect(printable('a\u001b[31m\u202Eb')).toBe('a\uFFFD[31m\uFFFDb');
    expect(printable('x'.repeat(5_000))).toHaveLength(300);
  });
});
