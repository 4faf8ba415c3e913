import { describe, expect, it } from 'vitest';
import { readManifest, writeManifest } from '#core/manifest.ts';

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

describe('the manifest', () => {
  it('comes back as it was written', () => {
    expect(readManifest(writeManifest(manifest))).toEqual(manifest);
  });

  it('is refused when a line is missing', () => {
    const [first] = writeManifest(manifest).split('\n');

    expect(() => readManifest(`${first}\n`)).toThrow('announces 1 examples and lists 0');
  });

  it('is refused when a label names no class', () => {
    const [example] = manifest.examples;
    const wrong = writeManifest({ ...manifest, examples: [{ path: 'a', ...example, label: 2 }] });

    expect(() => readManifest(wrong)).toThrow('has label 2');
  });
});
