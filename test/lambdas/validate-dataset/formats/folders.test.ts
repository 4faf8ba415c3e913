import { describe, expect, it } from 'vitest';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { readDataset } from '#lambdas/validate-dataset/detect-format.ts';
import { byRule } from '#lambdas/validate-dataset/left-out.ts';

const fileAt = (path: string): DatasetFile => ({
  path,
  size: 1,
  record: {},
  head: () => Promise.resolve(new Uint8Array()),
});
const read = (paths: readonly string[], folders: string[] = []) =>
  readDataset({ files: paths.map(fileAt), folders });
const codesOf = async (paths: readonly string[]) =>
  (await read(paths)).problems.map(({ code }) => code);

/** `classes` folders of `each` images. */
const folders = (classes: number, each: number): string[] =>
  Array.from({ length: classes * each }, (_, i) => `class-${i % classes}/${i}.png`);

/** Six images of each class in each folder. */
const inFolders = (...paths: string[]): string[] =>
  paths.flatMap((path) => [1, 2, 3, 4, 5, 6].map((i) => `${path}/${i}.jpg`));

/** Images of a class and a part, such as `cats train`: their number. */
async function table(paths: readonly string[]) {
  const { classes, examples, problems, format, leftOut } = await read(paths);
  const counts: Record<string, number> = {};
  for (const { label, split } of examples) {
    const key = `${classes[label]?.name}${split ? ` ${split}` : ''}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return { format, counts, problems: problems.map(({ code }) => code), leftOut: leftOut.length };
}

describe('folders', () => {
  it('label the classes in the order of their names, and count their images', async () => {
    const { classes, examples, problems } = await read([...folders(2, 5), 'class-0/deep/er.png']);

    expect(problems).toEqual([]);
    expect(classes).toEqual([
      { name: 'class-0', examples: 6 },
      { name: 'class-1', examples: 5 },
    ]);
    expect(examples.every(({ file, label }) => file.path.startsWith(`class-${label}/`))).toBe(true);
  });

  it('leave out what machines leave behind, and count it', async () => {
    const junk = [
      ...['.DS_Store', '__MACOSX/class-0/._1.png', 'class-0/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg'],
      ...['class-1/Thumbs.db', '@eaDir/cover.jpg/x.jpg', 'class-0/._2.png', '.git/objects/ab/cd'],
    ];
    const { examples, leftOut } = await read([...folders(2, 5), ...junk, 'README.md', 'LICENSE']);

    expect(examples).toHaveLength(10);
    expect(byRule(leftOut)).toEqual([
      {
        rule: 'left behind by an operating system or a tool',
        files: 7,
        first: junk.slice(0, 5),
      },
      { rule: 'about the dataset, such as a README', files: 2, first: ['README.md', 'LICENSE'] },
    ]);
  });

  it('take images for images whatever their names', async () => {
    const names = [
      'license_1.jpg',
      'LICENCE-2.png',
      'readme3.jpg',
      'README.png',
      '.hidden.jpg',
      '__x.jpg',
    ];
    const { counts, problems } = await table([
      ...names.map((name) => `.hidden/${name}`),
      ...names.map((name) => `_background_/${name}`),
      ...names.map((name) => `__x/${name}`),
      ...names.map((name) => `license/${name}`),
    ]);

    expect(problems).toEqual([]);
    expect(counts).toEqual({ '.hidden': 6, _background_: 6, __x: 6, license: 6 });
  });

  it.each([
    [
      'Kaggle',
      ['training_set/cats', 'training_set/dogs', 'test_set/cats', 'test_set/dogs'],
      'test',
    ],
    [
      'Intel',
      [
        'x/seg_train/seg_train/cats',
        'x/seg_train/seg_train/dogs',
        'x/seg_test/seg_test/cats',
        'x/seg_test/seg_test/dogs',
      ],
      'test',
    ],
    ['Keras', ['train/cats', 'train/dogs', 'val/cats', 'val/dogs'], 'validation'],
    ['a hold-out', ['Train/cats', 'Train/dogs', 'hold-out/cats', 'hold-out/dogs'], 'test'],
    [
      'images',
      ['train_images/cats', 'train_images/dogs', 'valid_images/cats', 'valid_images/dogs'],
      'validation',
    ],
    ['Edge Impulse', ['training/cats', 'training/dogs', 'testing/cats', 'testing/dogs'], 'test'],
    [
      'evaluation',
      ['data/training/cats', 'data/training/dogs', 'data/evaluation/cats', 'data/evaluation/dogs'],
      'test',
    ],
  ])('divide as the user did: %s', async (_, paths, other) => {
    expect(await table(inFolders(...paths))).toEqual({
      format: 'split-folders',
      counts: { 'cats train': 6, 'dogs train': 6, [`cats ${other}`]: 6, [`dogs ${other}`]: 6 },
      problems: [],
      leftOut: 0,
    });
  });

  it.each(['seg_pred/seg_pred', 'test1', 'test1/test1', 'predict', 'unlabelled', 'unsup/all'])(
    'leave out what is to be predicted: %s',
    async (name) => {
      const split = ['seg_train/cats', 'seg_train/dogs', 'seg_test/cats', 'seg_test/dogs'];
      const paths = inFolders(...split, name);

      const { warnings } = await read(paths);
      expect(await table(paths)).toMatchObject({
        format: 'split-folders',
        problems: [],
        leftOut: 6,
      });
      expect(warnings.map(({ code }) => code)).toEqual(['FOLDER_LEFT_OUT']);
    },
  );

  it('read a split inside each class', async () => {
    const paths = inFolders('cat/train', 'cat/test', 'dog/train', 'dog/test');

    expect(await table(paths)).toMatchObject({
      format: 'split-inside-classes',
      counts: { 'cat train': 6, 'cat test': 6, 'dog train': 6, 'dog test': 6 },
    });
  });

  it('split for the user if there is a training part only', async () => {
    expect(await table(inFolders('train/cat', 'train/dog', 'test'))).toEqual({
      format: 'split-folders',
      counts: { cat: 6, dog: 6 },
      problems: [],
      leftOut: 6,
    });
  });

  it.each([
    [['car', 'train', 'bus']],
    [['test', 'car']],
    [['train/red', 'train/blue', 'car/red', 'bus/blue']],
  ])('keep classes that are called like parts: %j', async (paths) => {
    expect(await table(inFolders(...paths))).toMatchObject({
      format: 'class-folders',
      problems: [],
    });
  });

  it('refuse a part whose name says nothing, and a class without training images', async () => {
    const unclear = inFolders(
      'train/cat',
      'train/dog',
      'test/cat',
      'test/dog',
      'more/cat',
      'more/dog',
    );
    const untaught = inFolders('train/cat', 'train/dog', 'test/cat', 'test/dog', 'test/cow');

    expect(await codesOf(unclear)).toEqual(['SPLIT_UNCLEAR']);
    expect(await codesOf(untaught)).toEqual(['CLASS_NOT_IN_TRAIN']);
    expect(await codesOf(inFolders('test/cat', 'test/dog', 'val/cat'))).toContain(
      'SPLIT_WITHOUT_TRAIN',
    );
  });

  it('read the class in the names of files', async () => {
    const names = [1, 2, 3, 4, 5].flatMap((i) => [`train/cat.${i}.jpg`, `train/dog.${i}.jpg`]);

    expect(await table([...names, 'test1/1.jpg', 'test1/2.jpg', 'sampleSubmission.csv'])).toEqual({
      format: 'file-names',
      counts: { cat: 5, dog: 5 },
      problems: [],
      leftOut: 3,
    });
    const flat = [1, 2, 3, 4, 5].flatMap((i) => [`all/great_dane_${i}.jpg`, `all/pug (${i}).jpg`]);
    expect(await table(flat)).toMatchObject({ counts: { great_dane: 5, pug: 5 }, problems: [] });
  });

  it('refuse images without a class', async () => {
    const cameras = [1, 2, 3].flatMap((i) => [`all/IMG_${i}.jpg`, `all/DSC_${i}.jpg`]);

    expect(await codesOf(cameras)).toContain('TOO_FEW_CLASSES');
    expect(await codesOf(inFolders('train', 'test1'))).toContain('SPLIT_FOLDERS');
  });

  it('tell of empty classes and of files that are no images', async () => {
    const paths = [...folders(2, 5), 'class-0/notes.txt', 'class-2/video.mp4', 'class-3/a.pdf'];
    const { warnings, leftOut, problems } = await read(paths, ['class-0/', 'class-4/']);

    expect(problems).toEqual([]);
    expect(leftOut).toHaveLength(3);
    const empty = warnings.filter(({ code }) => code === 'EMPTY_CLASS').map(({ where }) => where);
    expect(empty.sort()).toEqual(['class-2', 'class-3', 'class-4']);
  });

  it('warn when each class has the same folders inside', async () => {
    const { warnings } = await read(inFolders('2019/cat', '2019/dog', '2020/cat', '2020/dog'));

    expect(warnings.map(({ code }) => code)).toEqual(['SAME_FOLDERS_INSIDE']);
  });

  it('are arranged, 200,000 files of two classes, in less than 3 seconds', async () => {
    const files = folders(2, 100_000);
    const start = process.cpuUsage();

    const { examples } = await read(files);

    const { user, system } = process.cpuUsage(start); // µs
    expect(examples).toHaveLength(200_000);
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  it.each(['a\nb', 'a\u001b[2J', 'a\u202eb', ''])('refuse a class called %j', async (name) => {
    const files = [...folders(2, 5), ...[1, 2, 3, 4, 5].map((i) => `${name}/${i}.png`)];

    expect(await codesOf(files)).toEqual(['CLASS_NAME']);
  });

  it('may be 1,000 classes, and no more', async () => {
    expect(await codesOf(folders(1_000, 5))).toEqual([]);
    expect(await codesOf(folders(1_001, 5))).toEqual(['TOO_MANY_CLASSES']);
  });

  it('report too many classes together with every other problem', async () => {
    const codes = await codesOf([...folders(150_000, 1), 'loose.png', 'inside/a.zip']);

    expect(codes.slice(0, 3).sort()).toEqual(['ARCHIVE_INSIDE', 'NO_CLASS', 'TOO_MANY_CLASSES']);
    expect(codes).toHaveLength(150_003);
  });
});
