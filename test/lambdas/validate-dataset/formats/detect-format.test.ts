import { describe, expect, it } from 'vitest';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { detectFormat } from '#lambdas/validate-dataset/formats/detect-format.ts';

const fileAt = (path: string): DatasetFile => ({
  path,
  size: 1,
  record: {},
  head: () => Promise.resolve(new Uint8Array()),
});
const codesOf = (paths: readonly string[]) =>
  detectFormat(paths.map(fileAt)).problems.map(({ code }) => code);

/** `classes` folders of `each` images. */
const folders = (classes: number, each: number): string[] =>
  Array.from({ length: classes * each }, (_, i) => `class-${i % classes}/${i}.png`);

describe('class folders', () => {
  it('labels the classes in the order of their names, and counts their images', () => {
    const { classes, examples, problems } = detectFormat(
      [...folders(2, 5), 'class-0/deep/er.png'].map(fileAt),
    );

    expect(problems).toEqual([]);
    expect(classes).toEqual([
      { name: 'class-0', examples: 6 },
      { name: 'class-1', examples: 5 },
    ]);
    expect(examples.every(({ file, label }) => file.path.startsWith(`class-${label}/`))).toBe(true);
  });

  it('arranges 200,000 files of two classes in less than 2 seconds', () => {
    const files = folders(2, 100_000).map(fileAt);
    const start = process.cpuUsage();

    const { examples } = detectFormat(files);

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

    expect(codes.slice(0, 3)).toEqual(['ARCHIVE_INSIDE', 'NO_CLASS', 'TOO_MANY_CLASSES']);
    expect(codes).toHaveLength(150_003);
  });
});

/** What becomes of an upload: class → images in each part, and what is left out. */
function read(paths: readonly string[], emptyFolders: readonly string[] = []) {
  const all = detectFormat(paths.map(fileAt), emptyFolders);
  const classes: Record<string, string> = {};
  for (const [label, { name, examples }] of all.classes.entries()) {
    const own = all.examples.filter((example) => example.label === label);
    const parts = ['train', 'validation', 'test'].map(
      (part) => own.filter(({ split }) => split === part).length,
    );
    classes[name] = all.splits ? parts.join('/') : `${examples}`;
  }
  const leftOut = Object.fromEntries(all.leftOut.map(({ rule, files }) => [rule, files]));
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
  ])('is used as it is: %s', (_, parts, counts) => {
    for (const root of ['', 'pets/', 'a/b/']) {
      const found = read(parts.flatMap((part) => pets(`${root}${part}`)));
      expect(found).toMatchObject({ classes: { cats: counts, dogs: counts }, codes: [] });
    }
  });

  it('may repeat the names of its parts, and have one that is to be predicted', () => {
    const found = read([
      ...pets('seg_train/seg_train'),
      ...pets('seg_test/seg_test'),
      ...images('seg_pred/seg_pred'),
    ]);
    expect(found).toMatchObject({
      format: 'split-folders',
      classes: { cats: '6/0/6', dogs: '6/0/6' },
      leftOut: { 'images without a class': 6 },
    });
  });

  it('may be divided inside each class', () => {
    const found = read([
      ...images('cats/train'),
      ...images('cats/test'),
      ...images('dogs/train'),
      ...images('dogs/test', 2),
    ]);
    expect(found).toMatchObject({
      format: 'split-in-classes',
      classes: { cats: '6/0/6', dogs: '6/0/2' },
    });
  });

  it('may have the classes in the names', () => {
    const found = read([
      ...images('train', 6, 'cat.'),
      ...images('train', 6, 'dog.'),
      ...images('test1'),
      'sampleSubmission.csv',
    ]);
    expect(found).toMatchObject({
      classes: { cat: '6', dog: '6' },
      leftOut: { 'images without a class': 6, 'files that are no images by their names': 1 },
      codes: [],
    });
  });

  it('has a training folder alone, beside one without classes', () => {
    expect(read([...pets('train'), ...images('test')])).toMatchObject({
      classes: { cats: '6', dogs: '6' },
      leftOut: { 'images without a class': 6 },
    });
  });

  it('tells of classes that are tested but not trained, or not tested', () => {
    const found = read([
      ...pets('train'),
      ...images('train/cows'),
      ...pets('test'),
      ...images('test/sheep'),
    ]);
    expect(found).toMatchObject({
      classes: { cats: '6/0/6', cows: '6/0/0', dogs: '6/0/6' },
      leftOut: { 'images of classes that are not in the training part': 6 },
      warnings: ['CLASS_UNTESTED'],
    });
  });

  it('needs enough images to learn from in each class', () => {
    const found = read([...pets('train', 4), ...pets('test', 9)]);
    expect(found.codes).toEqual(['TOO_FEW_EXAMPLES', 'TOO_FEW_EXAMPLES']);
  });

  it.each([
    ['train and truck', ['train', 'truck']],
    ['test tubes and flasks', ['test tubes', 'flasks']],
    ['a class called dev', ['dev', 'prod']],
  ])('is not one of classes that are called so: %s', (_, names) => {
    expect(Object.keys(read(names.flatMap((name) => images(name))).classes)).toEqual(
      [...names].sort(),
    );
  });

  it('is refused when nothing says which classes its images have', () => {
    expect(read([...images('train'), ...images('test')]).codes).toContain('SPLIT_FOLDERS');
  });
});

describe('classes in the names of files', () => {
  it.each([
    ['cat.0.jpg', 'cat', 'dog'],
    ['great_pyrenees_12.jpg', 'great_pyrenees', 'beagle'],
    ['red fox (3).jpg', 'red fox', 'wolf'],
    ['cat.a81bc.jpg', 'cat', 'dog'],
  ])('are read: %s', (name, first, second) => {
    const own = [0, 1, 2, 3, 4].map((i) => name.replace(/\d+/, String(i)));
    const others = own.map((each) => each.replace(first, second));
    expect(read([...own, ...others]).classes).toEqual({ [first]: '5', [second]: '5' });
  });

  it('are not guessed from what cameras write', () => {
    const cameras = ['IMG_', 'DSC_'].flatMap((prefix) =>
      [1, 2, 3, 4, 5].map((i) => `${prefix}${i}.jpg`),
    );
    expect(read(cameras).codes).toContain('NO_CLASS');
  });
});

describe('what is no example', () => {
  it('is left out by a rule, and counted', () => {
    const { classes, leftOut, codes } = read([
      ...pets(''.concat('pets')),
      ...['.DS_Store', 'pets/cats/._0.jpg', '__MACOSX/pets/cats/._1.jpg', 'pets/Thumbs.db'],
      ...['pets/cats/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg', '.git/HEAD', 'pets/desktop.ini'],
      ...['README.md', 'LICENSE', 'pets/README.roboflow.txt'],
      ...['pets/.hidden/1.jpg', 'pets/notes.txt', 'pets/dogs/video.mp4'],
    ]);
    expect(classes).toEqual({ cats: '6', dogs: '6' });
    expect(leftOut).toEqual({
      'system files': 7,
      documents: 3,
      'hidden files': 1,
      'files that are no images by their names': 2,
    });
    expect(codes).toEqual([]);
  });

  it('is no image because of the beginning of its name, and no class because of underscores', () => {
    const found = read([
      ...images('plates', 5, 'license-plate-'),
      ...images('_background_', 5, 'readme'),
      ...images('__x', 5),
      'plates/README.jpg',
    ]);
    expect(found).toMatchObject({
      classes: { plates: '6', _background_: '5', __x: '5' },
      leftOut: {},
    });
  });

  it('is an empty class, which is told', () => {
    const found = read(pets('pets'), ['pets/birds/', 'pets/@eaDir/', 'other/']);
    expect(found.warnings).toEqual(['CLASS_EMPTY']);
  });

  it('is a dataset of another task, which is refused', () => {
    const voc = images('JPEGImages').flatMap((path) => [
      path,
      path.replace('JPEGImages', 'Annotations').replace('.jpg', '.xml'),
    ]);
    const yolo = [
      ...images('images'),
      'data.yaml',
      ...images('labels').map((path) => path.replace('.jpg', '.txt')),
    ];
    const coco = [...images('train'), 'train/_annotations.coco.json'];
    for (const paths of [voc, yolo, coco]) expect(read(paths).codes).toContain('OTHER_TASK');
  });
});
