import { describe, expect, it } from 'vitest';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { readDataset } from '#lambdas/validate-dataset/detect-format.ts';

const fileOf = ([path, text]: readonly [string, string]): DatasetFile => ({
  path,
  size: text.length,
  record: {},
  head: async (bytes = text.length) => Buffer.from(text).subarray(0, bytes),
});

/** Twelve images in a folder, each with a label beside it. */
const samples = (ending: string, textOf: (i: number) => string, folder = ''): [string, string][] =>
  Array.from({ length: 12 }, (_, i) => `${folder}${String(i).padStart(6, '0')}`).flatMap(
    (stem, i): [string, string][] => [
      [`${stem}.jpg`, 'image'],
      [`${stem}.${ending}`, textOf(i)],
    ],
  );

async function read(...files: readonly [string, string][]) {
  const { classes, format, problems, leftOut, sentence } = await readDataset({
    files: files.map(fileOf),
  });
  const counts = classes.map(({ name, examples, parts }) => [
    name,
    parts ? [parts.train, parts.validation, parts.test] : examples,
  ]);
  return {
    format,
    sentence,
    classes: Object.fromEntries(counts),
    codes: problems.map(({ code }) => code),
    leftOut: leftOut.length,
  };
}

const two = (i: number) => String(i % 2);
const named = (field: string) => (i: number) =>
  JSON.stringify({ [field]: two(i) ? `k${two(i)}` : '', id: i });

describe('a webdataset', () => {
  it('has its labels in .cls files, each of which is told as used', async () => {
    const found = await read(...samples('cls', two));

    expect(found).toMatchObject({
      format: 'webdataset',
      classes: { 0: 6, 1: 6 },
      codes: [],
      leftOut: 12,
    });
    expect(found.sentence).toContain('in a file beside it (*.cls)');
  });

  it.each(['label', 'class', 'cls', 'class_name', 'category', 'Label'])(
    'has its labels in the field %s of .json files',
    async (field) => {
      expect(await read(...samples('json', named(field)))).toMatchObject({
        format: 'webdataset',
        classes: { k0: 6, k1: 6 },
        codes: [],
      });
    },
  );

  it('has .cls files rather than .json, and names for its numbers where a list has them', async () => {
    const files = [
      ...samples('cls', (i) => `${two(i)}\n`),
      ...samples('json', () => '{"label":"x"}'),
    ];
    const once = [...new Map(files)];

    expect(await read(...once, ['classes.txt', 'cat\ndog\n'])).toMatchObject({
      format: 'webdataset',
      classes: { cat: 6, dog: 6 },
    });
  });

  it('may be divided by folders', async () => {
    const found = await read(...samples('cls', two, 'train/'), ...samples('cls', two, 'val/'));

    expect(found).toMatchObject({ classes: { 0: [6, 6, 0], 1: [6, 6, 0] }, codes: [] });
  });

  it('leaves images without a label out', async () => {
    expect(await read(...samples('cls', two), ['x.jpg', 'image'])).toMatchObject({
      classes: { 0: 6, 1: 6 },
      leftOut: 13,
    });
  });

  it('is refused if images have several labels', async () => {
    const found = await read(...samples('json', () => '{"label":["a","b"]}'));

    expect(found.codes).toContain('TASK_MULTI_LABEL');
  });

  it('is refused as detection, if the texts have outlines', async () => {
    const found = await read(...samples('json', () => '{"label":"a","shapes":[]}'));

    expect(found.codes).toContain('TASK_SEGMENTATION');
  });

  it('does not outweigh class folders, if the labels are other details of images', async () => {
    const found = await read(
      ...samples('json', () => '{"category":"holiday"}', 'cat/'),
      ...samples('json', () => '{"category":"holiday"}', 'dog/'),
    );

    expect(found).toMatchObject({ format: 'class-folders', classes: { cat: 12, dog: 12 } });
  });

  it.each([
    ['tars', ['train-000000.tar', 'train-000001.tar', 'val-000000.tar'], /shards of a webdataset/],
    ['zips', ['Cat.zip', 'Dog.zip'], /Teachable Machine/],
  ])('in several %s is refused in one sentence', async (_, paths, what) => {
    const { problems } = await readDataset({ files: paths.map((path) => fileOf([path, 'x'])) });
    const inside = problems.filter(({ code }) => code === 'ARCHIVE_INSIDE');

    expect(inside).toHaveLength(1);
    expect(inside[0]?.what).toMatch(what);
    expect(inside[0]?.remedy).toMatch(/^(Join|Unpack)/);
  });
});
