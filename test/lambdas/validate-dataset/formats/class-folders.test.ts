import { describe, expect, it } from 'vitest';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { readClassFolders } from '#lambdas/validate-dataset/formats/class-folders.ts';

const fileAt = (path: string): DatasetFile => ({
  path,
  size: 1,
  record: {},
  head: () => Promise.resolve(new Uint8Array()),
});
const codesOf = (paths: readonly string[]) =>
  readClassFolders(paths.map(fileAt)).problems.map(({ code }) => code);

/** `classes` folders of `each` images. */
const folders = (classes: number, each: number): string[] =>
  Array.from({ length: classes * each }, (_, i) => `class-${i % classes}/${i}.png`);

describe('readClassFolders', () => {
  it('labels the classes in the order of their names, and counts their images', () => {
    const { classes, examples, problems } = readClassFolders(
      [...folders(2, 5), 'class-0/deep/er.png'].map(fileAt),
    );

    expect(problems).toEqual([]);
    expect(classes).toEqual([
      { name: 'class-0', examples: 6 },
      { name: 'class-1', examples: 5 },
    ]);
    expect(examples.every(({ file, label }) => file.path.startsWith(`class-${label}/`))).toBe(true);
  });

  it('ignores what operating systems leave behind', () => {
    const { examples } = readClassFolders(
      [...folders(2, 5), '.DS_Store', '__MACOSX/class-0/._1.png', 'README.md'].map(fileAt),
    );

    expect(examples).toHaveLength(10);
  });

  it('arranges 200,000 files of two classes in less than 2 seconds', () => {
    const files = folders(2, 100_000).map(fileAt);
    const start = process.cpuUsage();

    const { examples } = readClassFolders(files);

    const { user, system } = process.cpuUsage(start); // µs
    expect(examples).toHaveLength(200_000);
    expect((user + system) / 1e6).toBeLessThan(2);
  });

  it.each(['a\nb', 'a\u001b[2J', 'a\u202eb', ''])('refuses a class called %j', (name) => {
    const files = [...folders(2, 5), ...[1, 2, 3, 4, 5].map((i) => `${name}/${i}.png`)];

    expect(codesOf(files)).toEqual(['CLASS_NAME']);
  });

  it('accepts 1,000 classes, and no more', () => {
    expect(codesOf(folders(1_000, 5))).toEqual([]);
    expect(codesOf(folders(1_001, 5))).toEqual(['TOO_MANY_CLASSES']);
  });

  it('reports too many classes together with every other problem', () => {
    const codes = codesOf([...folders(150_000, 1), 'loose.png', 'inside/a.zip']);

    expect(codes.slice(0, 3)).toEqual(['NO_CLASS', 'ARCHIVE_INSIDE', 'TOO_MANY_CLASSES']);
    expect(codes).toHaveLength(150_003);
  });
});
