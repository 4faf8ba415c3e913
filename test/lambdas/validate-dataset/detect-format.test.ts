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

/** What becomes of an upload: class → images in each part, and what is left out. */
async function read(paths: readonly string[], folders: string[] = []) {
  const all = await readDataset({ files: paths.map(fileAt), folders });
  const classes: Record<string, string> = {};
  for (const [label, { name, examples }] of all.classes.entries()) {
    const own = all.examples.filter((example) => example.label === label);
    const parts = ['train', 'validation', 'test'].map(
      (part) => own.filter(({ split }) => split === part).length,
    );
    classes[name] = all.examples.some(({ split }) => split) ? parts.join('/') : `${examples}`;
  }
  const leftOut = byRule(all.leftOut).reduce((sum, { files }) => sum + files, 0);
  const codes = all.problems.map(({ code }) => code);
  return {
    format: all.format,
    classes,
    leftOut,
    codes,
    warnings: all.warnings.map(({ code }) => code),
  };
}

const images = (folder: string, count = 6, prefix = '') =>
  Array.from({ length: count }, (_, i) => `${folder}/${prefix}${i}.jpg`);

const pets = (folder: string, count = 6) => [
  ...images(`${folder}/cats`, count),
  ...images(`${folder}/dogs`, count),
];

describe('a dataset that its owner has divided', () => {
  it.each([
    ['Kaggle', ['training_set', 'test_set'], '6/0/6'],
    ['Roboflow', ['train', 'valid', 'test'], '6/6/6'],
    ['Keras', ['train', 'validation'], '6/6/0'],
    ['in capitals', ['Training', 'Testing'], '6/0/6'],
    ['fastai', ['train', 'val'], '6/6/0'],
    ['hold-out', ['train', 'hold-out'], '6/0/6'],
    ['with a name around', ['pets-train', 'pets-dev', 'pets-eval'], '6/6/6'],
  ])('is used as it is: %s', async (_, parts, counts) => {
    for (const root of ['', 'pets/', 'a/b/']) {
      const found = await read(parts.flatMap((part) => pets(`${root}${part}`)));
      expect(found).toMatchObject({ classes: { cats: counts, dogs: counts }, codes: [] });
    }
  });

  it('may repeat the names of its parts, and have one that is to be predicted', async () => {
    const found = await read([
      ...pets('seg_train/seg_train'),
      ...pets('seg_test/seg_test'),
      ...images('seg_pred/seg_pred'),
    ]);
    expect(found).toMatchObject({
      format: 'split-folders',
      classes: { cats: '6/0/6', dogs: '6/0/6' },
      leftOut: 6,
    });
  });

  it('may be divided inside each class', async () => {
    const found = await read([
      ...images('cats/train'),
      ...images('cats/test'),
      ...images('dogs/train'),
      ...images('dogs/test', 2),
    ]);
    expect(found).toMatchObject({
      format: 'split-inside-classes',
      classes: { cats: '6/0/6', dogs: '6/0/2' },
    });
  });

  it('may have the classes in the names', async () => {
    const found = await read([
      ...images('train', 6, 'cat.'),
      ...images('train', 6, 'dog.'),
      ...images('test1'),
      'sampleSubmission.csv',
    ]);
    expect(found).toMatchObject({
      classes: { cat: '6', dog: '6' },
      leftOut: 7,
      codes: [],
    });
  });

  it('has a training folder alone, beside one without classes', async () => {
    expect(await read([...pets('train'), ...images('test')])).toMatchObject({
      classes: { cats: '6', dogs: '6' },
      leftOut: 6,
    });
  });

  it('tells of a class that is not tested, and refuses one that is only tested', async () => {
    const untested = await read([...pets('train'), ...images('train/cows'), ...pets('test')]);
    expect(untested).toMatchObject({
      classes: { cats: '6/0/6', cows: '6/0/0', dogs: '6/0/6' },
      codes: [],
      warnings: ['CLASS_NOT_IN_PART'],
    });
    const untrained = await read([...pets('train'), ...pets('test'), ...images('test/sheep')]);
    expect(untrained.codes).toHaveLength(1);
  });

  it.each([
    ['train and truck', ['train', 'truck']],
    ['test tubes and flasks', ['test tubes', 'flasks']],
    ['a class called dev', ['dev', 'prod']],
  ])('is not one of classes that are called so: %s', async (_, names) => {
    expect(Object.keys((await read(names.flatMap((name) => images(name)))).classes)).toEqual(
      [...names].sort(),
    );
  });

  it('is refused when nothing says which classes its images have', async () => {
    expect((await read([...images('train'), ...images('test')])).codes).toContain('SPLIT_FOLDERS');
  });
});

describe('classes in the names of files', () => {
  it.each([
    ['cat.0.jpg', 'cat', 'dog'],
    ['great_pyrenees_12.jpg', 'great_pyrenees', 'beagle'],
    ['red fox (3).jpg', 'red fox', 'wolf'],
    ['cat.a81bc.jpg', 'cat', 'dog'],
  ])('are read: %s', async (name, first, second) => {
    const own = [0, 1, 2, 3, 4].map((i) => name.replace(/\d+/, String(i)));
    const others = own.map((each) => each.replace(first, second));
    expect((await read([...own, ...others])).classes).toEqual({ [first]: '5', [second]: '5' });
  });

  it('are not guessed from what cameras write', async () => {
    const cameras = ['IMG_', 'DSC_'].flatMap((prefix) =>
      [1, 2, 3, 4, 5].map((i) => `${prefix}${i}.jpg`),
    );
    expect((await read(cameras)).codes).toContain('NO_CLASS');
  });
});

describe('what is no example', () => {
  it('is left out by a rule, and counted', async () => {
    const { classes, leftOut, codes } = await read([
      ...pets(''.concat('pets')),
      ...['.DS_Store', 'pets/cats/._0.jpg', '__MACOSX/pets/cats/._1.jpg', 'pets/Thumbs.db'],
      ...['pets/cats/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg', '.git/HEAD', 'pets/desktop.ini'],
      ...['README.md', 'LICENSE', 'pets/README.roboflow.txt'],
      ...['pets/notes.txt', 'pets/dogs/video.mp4'],
    ]);
    expect(classes).toEqual({ cats: '6', dogs: '6' });
    expect(leftOut).toBe(12);
    expect(codes).toEqual([]);
  });

  it('is no image because of the beginning of its name, and no class because of underscores', async () => {
    const found = await read([
      ...images('plates', 5, 'license-plate-'),
      ...images('_background_', 5, 'readme'),
      ...images('__x', 5),
      'plates/README.jpg',
    ]);
    expect(found).toMatchObject({
      classes: { plates: '6', _background_: '5', __x: '5' },
      leftOut: 0,
    });
  });

  it('is an empty class, which is told', async () => {
    const found = await read(pets('pets'), ['pets/birds/', 'pets/@eaDir/', 'other/']);
    expect(found.warnings).toEqual(['EMPTY_CLASS']);
  });
});
