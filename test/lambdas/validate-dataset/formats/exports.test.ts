import { describe, expect, it } from 'vitest';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { readDataset } from '#lambdas/validate-dataset/detect-format.ts';

type Layout = Record<string, string | Buffer>;

const fileAt = (path: string, content: string | Buffer): DatasetFile => {
  const bytes = Buffer.from(content as string);
  return {
    path,
    size: bytes.length,
    record: {},
    head: async (end) => new Uint8Array(bytes.subarray(0, end)),
  };
};

const N = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const labelOf = (i: number) => (i % 2 ? 'dog' : 'cat');
/** Ten images, of two classes in turns. */
const at = (path: (i: number) => string): Layout =>
  Object.fromEntries(N.map((i) => [path(i), 'an image']));
const flat = at((i) => `images/${i}.jpg`);
const inFolders = at((i) => `${labelOf(i)}/${i}.jpg`);
const inSplit = {
  ...at((i) => `train/${labelOf(i)}/${i}.jpg`),
  ...at((i) => `test/${labelOf(i)}/t${i}.jpg`),
};
const lines = (line: (i: number) => string, header?: string) =>
  [...(header === undefined ? [] : [header]), ...N.map(line)].join('\n');
const jsonLines = (line: (i: number) => unknown) => lines((i) => JSON.stringify(line(i)));
const cvat = (inside: (i: number) => string, subset = '') =>
  `<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n${lines(
    (i) => `<image id="${i}" name="${i}.jpg" width="8" height="8"${subset}>${inside(i)}</image>`,
  )}\n</annotations>`;
const tag = (i: number) => `<tag label="${labelOf(i)}" source="manual"></tag>`;
const box = '<box label="cat" xtl="0" ytl="0" xbr="4" ybr="4"></box>';
const datumaro = (annotation: (i: number) => object) =>
  JSON.stringify({
    info: {},
    categories: {
      label: {
        labels: [
          { name: 'cat', parent: '' },
          { name: 'dog', parent: '' },
        ],
      },
    },
    items: N.map((i) => ({
      id: `${i}`,
      image: { path: `${i}.jpg` },
      annotations: [annotation(i)],
    })),
  });
const groundTruth = (i: number) => ({
  'source-ref': `s3://bucket/images/${i}.jpg`,
  job: i % 2,
  'job-metadata': { 'class-name': labelOf(i), type: 'groundtruth/image-classification' },
});

const EVEN = { cat: 5, dog: 5 };
const SPLIT = { 'cat train': 5, 'cat test': 5, 'dog train': 5, 'dog test': 5 };

/** Every arrangement that other tools take or give, by the names of docs/datasets.md. */
const READ: [name: string, files: Layout, counts: Record<string, number>, format: string][] = [
  ['class folders', inFolders, EVEN, 'class-folders'],
  [
    'class folders with deeper ones',
    at((i) => `data/${labelOf(i)}/day${i}/${i}.jpg`),
    EVEN,
    'class-folders',
  ],
  ['split and class folders', inSplit, SPLIT, 'split-folders'],
  [
    'Hugging Face metadata.jsonl',
    {
      ...flat,
      'images/metadata.jsonl': jsonLines((i) => ({ file_name: `${i}.jpg`, label: labelOf(i) })),
    },
    EVEN,
    'hugging-face',
  ],
  [
    'a CSV',
    { ...flat, 'labels.csv': lines((i) => `images/${i}.jpg,${labelOf(i)}`, 'image,label') },
    EVEN,
    'csv',
  ],
  [
    'NIH-style columns',
    { ...flat, 'd.csv': lines((i) => `${i}.jpg,${labelOf(i)}`, 'Image Index,Finding Labels') },
    EVEN,
    'csv',
  ],
  ['Ground Truth', { ...flat, 'x.manifest': jsonLines(groundTruth) }, EVEN, 'ground-truth'],
  [
    'Autopilot',
    {
      ...flat,
      'x.manifest': jsonLines((i) => ({
        'source-ref': `s3://b/images/${i}.jpg`,
        'label-metadata': { 'class-name': labelOf(i) },
      })),
    },
    EVEN,
    'ground-truth',
  ],
  [
    'an augmented manifest of MXNet',
    {
      ...flat,
      'x.manifest': jsonLines((i) => ({
        'source-ref': `s3://b/images/${i}.jpg`,
        class: `${i % 2}`,
      })),
      'classes.txt': 'cat\ndog\n',
    },
    EVEN,
    'ground-truth',
  ],
  [
    'ManifestFile of class folders',
    {
      ...inFolders,
      'cat/other.jpg': 'x',
      'x.manifest': JSON.stringify([
        { prefix: 's3://b/p/' },
        ...N.map((i) => `${labelOf(i)}/${i}.jpg`),
      ]),
    },
    EVEN,
    'manifest-file',
  ],
  [
    'ManifestFile of a split',
    {
      ...inSplit,
      'x.manifest': JSON.stringify([{ prefix: 's3://b/p/' }, ...Object.keys(inSplit)]),
    },
    SPLIT,
    'manifest-file',
  ],
  [
    'Vertex AI',
    {
      ...flat,
      'x.jsonl': jsonLines((i) => ({
        imageGcsUri: `gs://b/images/${i}.jpg`,
        classificationAnnotation: { displayName: labelOf(i) },
      })),
    },
    EVEN,
    'vertex',
  ],
  [
    'Vertex AI in a CSV',
    {
      ...flat,
      'x.csv': lines((i) => `${i < 6 ? 'TRAIN' : 'TEST'},gs://b/images/${i}.jpg,${labelOf(i)}`),
    },
    { 'cat train': 3, 'cat test': 2, 'dog train': 3, 'dog test': 2 },
    'csv',
  ],
  [
    'Azure ML',
    {
      ...flat,
      'x.jsonl': jsonLines((i) => ({
        image_url: `azureml://s/w/paths/images/${i}.jpg`,
        label: labelOf(i),
      })),
    },
    EVEN,
    'azure',
  ],
  [
    'Roboflow _classes.csv',
    {
      ...at((i) => `train/${i}.jpg`),
      'train/_classes.csv': lines(
        (i) => `${i}.jpg, ${i % 2 ? '0, 1' : '1, 0'}`,
        'filename, cat, dog',
      ),
    },
    EVEN,
    'roboflow-classes',
  ],
  [
    'COCO',
    {
      ...flat,
      'annotations.json': JSON.stringify({
        images: N.map((id) => ({ id, file_name: `${id}.jpg` })),
        categories: [
          { id: 0, name: 'cat' },
          { id: 1, name: 'dog' },
        ],
        annotations: N.map((id) => ({ image_id: id, category_id: id % 2 })),
      }),
    },
    EVEN,
    'coco',
  ],
  [
    '.lst',
    {
      ...flat,
      'x.lst': lines((i) => `${i}\t${i % 2}\timages/${i}.jpg`),
      'classes.txt': 'cat\ndog\n',
    },
    EVEN,
    'lst',
  ],
  [
    'Edge Impulse folders',
    {
      ...at((i) => `training/${labelOf(i)}.${i}.jpg`),
      ...at((i) => `testing/${labelOf(i)}.9${i}.jpg`),
    },
    SPLIT,
    'file-names',
  ],
  [
    'info.labels of Edge Impulse',
    {
      ...flat,
      'info.labels': JSON.stringify({
        version: 1,
        files: N.map((i) => ({
          path: `images/${i}.jpg`,
          category: 'split',
          label: { type: 'label', label: labelOf(i) },
        })),
      }),
    },
    EVEN,
    'edge-impulse',
  ],
  [
    'Label Studio',
    {
      ...flat,
      'x.json': JSON.stringify(
        N.map((i) => ({
          data: { image: `/data/upload/1/0a1b2c3d-${i}.jpg` },
          annotations: [{ result: [{ value: { choices: [labelOf(i)] } }] }],
        })),
      ),
    },
    EVEN,
    'label-studio',
  ],
  ['CVAT with tags', { ...flat, 'annotations.xml': cvat(tag) }, EVEN, 'cvat'],
  [
    'CVAT with parts',
    {
      ...at((i) => `images/Train/${i}.jpg`),
      ...at((i) => `images/Test/t${i}.jpg`),
      'annotations.xml': cvat(tag, ' subset="Train"').replace(
        '</annotations>',
        `${N.map((i) => `<image id="9${i}" name="t${i}.jpg" subset="Test">${tag(i)}</image>`).join('')}</annotations>`,
      ),
    },
    SPLIT,
    'cvat',
  ],
  [
    'CVAT with tags beside boxes',
    { ...flat, 'annotations.xml': cvat((i) => tag(i) + box) },
    EVEN,
    'cvat',
  ],
  [
    'CVAT with names in entities',
    {
      ...at((i) => `images/a&b ${i}.jpg`),
      'annotations.xml': cvat(tag).replaceAll('name="', 'name="a&amp;b '),
    },
    EVEN,
    'cvat',
  ],
  [
    'Datumaro',
    {
      ...at((i) => `images/default/${i}.jpg`),
      'annotations/default.json': datumaro((i) => ({ type: 'label', label_id: i % 2 })),
    },
    EVEN,
    'datumaro',
  ],
  [
    'ImageNet as CVAT exports it',
    at((i) => `${labelOf(i)}/${labelOf(i)}_${i}.jpg`),
    EVEN,
    'class-folders',
  ],
  [
    'ImageNet with a text and synsets',
    { ...flat, 'train.txt': lines((i) => `${i}.jpg ${i % 2}`), 'synsets.txt': 'cat\ndog\n' },
    EVEN,
    'csv',
  ],
];

const REFUSED: [name: string, files: Layout, code: string, where: string][] = [
  [
    'CVAT with boxes',
    { ...flat, 'annotations.xml': cvat(() => box) },
    'TASK_DETECTION',
    'annotations.xml',
  ],
  [
    'CVAT with polygons',
    { ...flat, 'annotations.xml': cvat(() => '<polygon label="cat" points="0,0;1,1"></polygon>') },
    'TASK_SEGMENTATION',
    'annotations.xml',
  ],
  [
    'CVAT for video',
    {
      ...flat,
      'annotations.xml': `<annotations>${'<track id="0" label="cat"><box frame="0" xtl="1"></box></track>'.repeat(9)}</annotations>`,
    },
    'TASK_DETECTION',
    'annotations.xml',
  ],
  [
    'CVAT with several tags',
    { ...flat, 'annotations.xml': cvat((i) => tag(i) + tag(i + 1)) },
    'TASK_MULTI_LABEL',
    'annotations.xml',
  ],
  [
    'Datumaro with boxes',
    { ...flat, 'x.json': datumaro(() => ({ type: 'bbox', label_id: 0, bbox: [0, 0, 1, 1] })) },
    'TASK_DETECTION',
    'x.json',
  ],
  [
    'Datumaro with masks',
    { ...flat, 'x.json': datumaro(() => ({ type: 'mask', label_id: 0 })) },
    'TASK_SEGMENTATION',
    'x.json',
  ],
  [
    'multi-hot of MXNet',
    {
      ...flat,
      'x.manifest': jsonLines((i) => ({
        'source-ref': `s3://b/images/${i}.jpg`,
        class: '[1, 0, 1]',
      })),
    },
    'TASK_MULTI_LABEL',
    'x.manifest',
  ],
  [
    'MNIST IDX',
    { 'train-images-idx3-ubyte': 'x', 'train-labels-idx1-ubyte': 'x' },
    'FORMAT_NOT_READ',
    'train-images-idx3-ubyte',
  ],
  [
    'MNIST as a CSV',
    { 'train.csv': `label,${Array.from({ length: 784 }, (_, i) => `pixel${i}`).join(',')}\n` },
    'TASK_PIXELS',
    'train.csv',
  ],
  ['CIFAR batches', { 'data_batch_1.bin': 'x' }, 'FORMAT_NOT_READ', 'data_batch_1.bin'],
  [
    'a replay buffer',
    { 'replay_buffer.npz': 'x' },
    'TASK_REINFORCEMENT_LEARNING',
    'replay_buffer.npz',
  ],
  [
    'episodes',
    { 'episodes/0001.pkl': 'x', 'episodes/0002.pkl': 'x' },
    'TASK_REINFORCEMENT_LEARNING',
    'episodes/0001.pkl',
  ],
  [
    'arrays of actions and rewards',
    { 'actions.npy': 'x', 'observations.npy': 'x', 'rewards.npy': 'x' },
    'TASK_REINFORCEMENT_LEARNING',
    'rewards.npy',
  ],
  [
    'an .npz with such arrays in it',
    { 'data.npz': 'PK\u0003\u0004 observations.npy PK\u0003\u0004 rewards.npy' },
    'TASK_REINFORCEMENT_LEARNING',
    'data.npz',
  ],
  [
    'an HDF5 of D4RL',
    { 'hopper-medium.hdf5': '\u0089HDF actions\0observations\0rewards\0terminals' },
    'TASK_REINFORCEMENT_LEARNING',
    'hopper-medium.hdf5',
  ],
  [
    'frames beside actions and rewards',
    { ...flat, 'actions.npy': 'x', 'rewards.npy': 'x' },
    'TASK_REINFORCEMENT_LEARNING',
    'rewards.npy',
  ],
  [
    'a table of steps',
    {
      ...flat,
      'steps.csv': lines(
        (i) => `${i},images/${i}.jpg,1,0.5,false`,
        'step,observation,action,reward,done',
      ),
    },
    'TASK_REINFORCEMENT_LEARNING',
    'steps.csv',
  ],
  [
    'steps in JSON Lines',
    { ...flat, 'steps.jsonl': jsonLines((i) => ({ obs: `${i}.jpg`, action: 1, reward: 0 })) },
    'TASK_REINFORCEMENT_LEARNING',
    'steps.jsonl',
  ],
];

const read = (files: Layout) =>
  readDataset({ files: Object.entries(files).map(([path, content]) => fileAt(path, content)) });

describe('arrangements of other tools', () => {
  it.each(READ)('%s is read', async (_, files, expected, format) => {
    const dataset = await read(files);

    const counts: Record<string, number> = {};
    for (const { label, split } of dataset.examples) {
      const key = `${dataset.classes[label]?.name}${split ? ` ${split}` : ''}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    expect({ problems: dataset.problems, counts, format: dataset.format }).toEqual({
      problems: [],
      counts: expected,
      format,
    });
    const { examples, used, leftOut } = dataset;
    expect(examples.length + used.length + leftOut.length).toBe(Object.keys(files).length);
  });

  it.each(REFUSED)('%s is refused by name', async (_, files, code, where) => {
    const { problems } = await read(files);

    expect(problems).toMatchObject([{ code, where }]);
    expect(problems[0]?.remedy).toMatch(/^[A-Z]/);
  });

  it('series of films may have episodes', async () => {
    const { problems, classes } = await read({ ...inFolders, 'episodes/subtitles.npy': 'x' });

    expect({ problems, classes: classes.length }).toEqual({ problems: [], classes: 2 });
  });

  it('reads an XML that never closes in linear time', async () => {
    const before = process.cpuUsage();
    await read({ ...flat, 'annotations.xml': `<annotations>${'<image name="'.repeat(500_000)}` });

    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });
});
