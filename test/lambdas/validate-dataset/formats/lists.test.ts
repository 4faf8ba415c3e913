import { describe, expect, it } from 'vitest';
import type { DatasetFile } from '#lambdas/validate-dataset/dataset-files.ts';
import { readDataset } from '#lambdas/validate-dataset/detect-format.ts';

type Texts = Record<string, string | Buffer>;

function fileAt(path: string, content: string | Buffer = 'x'): DatasetFile {
  const bytes = Buffer.from(content);
  const head = (end?: number) => Promise.resolve(new Uint8Array(bytes.subarray(0, end)));
  return { path, size: bytes.length, record: {}, head };
}

const read = (images: readonly string[], texts: Texts) =>
  readDataset({
    files: [
      ...images.map((path) => fileAt(path)),
      ...Object.entries(texts).map(([path, text]) => fileAt(path, text)),
    ],
  });

async function table(images: readonly string[], texts: Texts) {
  const { classes, examples, problems, format, leftOut, used } = await read(images, texts);
  const counts: Record<string, number> = {};
  for (const { label, split } of examples) {
    const key = `${classes[label]?.name}${split ? ` ${split}` : ''}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  const codes = problems.map(({ code }) => code);
  return { format, counts, problems: codes, leftOut: leftOut.length, used: used.length };
}

const N = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const images = N.map((i) => `images/${i}.jpg`);
const labelOf = (i: number) => (i % 2 ? 'dog' : 'cat');
const lines = (line: (i: number) => string, header?: string) =>
  [...(header === undefined ? [] : [header]), ...N.map(line)].join('\n');
const json = (line: (i: number) => unknown) => lines((i) => JSON.stringify(line(i)));
const groundTruth = (i: number) => ({
  'source-ref': `s3://bucket/some/images/${i}.jpg`,
  job: i % 2,
  'job-metadata': {
    'class-name': labelOf(i),
    type: 'groundtruth/image-classification',
    confidence: 0.9,
  },
});
const vertex = (i: number, use = 'training') => ({
  imageGcsUri: `gs://bucket/images/${i}.jpg`,
  classificationAnnotation: { displayName: labelOf(i) },
  dataItemResourceLabels: { 'aiplatform.googleapis.com/ml_use': use },
});

describe('a list gives the labels', () => {
  it.each<[string, string, string | Buffer, string]>([
    [
      'columns file and label',
      'labels.csv',
      lines((i) => `images/${i}.jpg,${labelOf(i)}`, 'file,label'),
      'csv',
    ],
    [
      'columns the other way round',
      'labels.csv',
      lines((i) => `${labelOf(i)},${i}.jpg`, 'class,filename'),
      'csv',
    ],
    [
      'Kaggle, without extension',
      'labels.csv',
      lines((i) => `${i},${labelOf(i)}`, 'id,breed'),
      'csv',
    ],
    ['no header', 'list.csv', lines((i) => `images/${i}.jpg,${labelOf(i)}`), 'csv'],
    ['no header, label first', 'list.csv', lines((i) => `${labelOf(i)},images/${i}.jpg`), 'csv'],
    [
      'semicolons and CRLF',
      'l.csv',
      lines((i) => `${i}.jpg;${labelOf(i)}`, 'image;target').replaceAll('\n', '\r\n'),
      'csv',
    ],
    [
      'tabs and quotes',
      'l.tsv',
      lines((i) => `"${i}.jpg"\t"${labelOf(i)}"`, 'image_path\tlabel'),
      'csv',
    ],
    [
      'a byte order mark',
      'l.csv',
      `\ufeff${lines((i) => `${i}.jpg,${labelOf(i)}`, 'image,label')}`,
      'csv',
    ],
    [
      'UTF-16',
      'l.csv',
      Buffer.from(`\ufeff${lines((i) => `${i}.jpg,${labelOf(i)}`, 'image,label')}`, 'utf16le'),
      'csv',
    ],
    [
      'an index and other columns',
      'l.csv',
      lines((i) => `${i},${i}.jpg,48,${labelOf(i)},48`, ',file_name,width,label,height'),
      'csv',
    ],
    [
      'unknown names, two columns',
      'l.csv',
      lines((i) => `${i}.jpg,${labelOf(i)}`, 'foto,sorte'),
      'csv',
    ],
    [
      'ISIC, one-hot',
      'l.csv',
      lines((i) => `${i},${1 - (i % 2)}.0,${i % 2}.0`, 'image,cat,dog'),
      'csv',
    ],
    [
      'Roboflow, one-hot',
      'images/_classes.csv',
      lines((i) => `${i}.jpg, ${1 - (i % 2)}, ${i % 2}`, 'filename, cat, dog'),
      'roboflow-classes',
    ],
    [
      'Hugging Face',
      'images/metadata.csv',
      lines((i) => `${i}.jpg,${labelOf(i)}`, 'file_name,label'),
      'hugging-face',
    ],
    [
      'Hugging Face, JSON Lines',
      'images/metadata.jsonl',
      json((i) => ({ file_name: `${i}.jpg`, label: labelOf(i) })),
      'hugging-face',
    ],
    ['a text file', 'list.txt', lines((i) => `images/${i}.jpg ${labelOf(i)}`), 'csv'],
    [
      'Vertex, no header',
      'v.csv',
      lines((i) => `UNASSIGNED,gs://b/images/${i}.jpg,${labelOf(i)}`),
      'csv',
    ],
    ['Ground Truth', 'output.manifest', json(groundTruth), 'ground-truth'],
    [
      'Autopilot',
      'a.manifest',
      json((i) => ({
        'source-ref': `s3://b/${i}.jpg`,
        'label-metadata': { 'class-name': labelOf(i) },
      })),
      'ground-truth',
    ],
    [
      'an augmented manifest',
      'a.manifest',
      json((i) => ({ 'source-ref': `s3://b/${i}.jpg`, class: labelOf(i) })),
      'ground-truth',
    ],
    ['Vertex', 'v.jsonl', json((i) => vertex(i)), 'vertex'],
    [
      'Azure',
      'a.jsonl',
      json((i) => ({ image_url: `azureml://x/y/paths/images/${i}.jpg`, label: labelOf(i) })),
      'azure',
    ],
    [
      'Label Studio',
      'export.json',
      JSON.stringify(
        N.map((i) => ({
          id: i,
          data: { image: `/data/upload/1/0a1b2c3d-${i}.jpg` },
          annotations: [{ result: [{ type: 'choices', value: { choices: [labelOf(i)] } }] }],
        })),
      ),
      'label-studio',
    ],
    [
      'Label Studio, CSV',
      'export.csv',
      lines(
        (i) => `/data/upload/1/0a1b2c3d-${i}.jpg,${i},${labelOf(i)},1`,
        'image,id,choice,annotator',
      ),
      'csv',
    ],
    [
      'COCO',
      '_annotations.coco.json',
      JSON.stringify({
        images: N.map((id) => ({ id, file_name: `${id}.jpg` })),
        annotations: N.map((id) => ({ image_id: id, category_id: id % 2 })),
        categories: [
          { id: 0, name: 'cat' },
          { id: 1, name: 'dog' },
        ],
      }),
      'coco',
    ],
    [
      'a JSON object',
      'labels.json',
      JSON.stringify(Object.fromEntries(N.map((i) => [`${i}.jpg`, labelOf(i)]))),
      'json',
    ],
    [
      'Edge Impulse',
      'info.labels',
      JSON.stringify({
        version: 1,
        files: N.map((i) => ({
          path: `images/${i}.jpg`,
          category: 'split',
          label: { type: 'label', label: labelOf(i) },
        })),
      }),
      'edge-impulse',
    ],
  ])('%s', async (_, path, text, format) => {
    expect(await table(images, { [path]: text })).toEqual({
      format,
      counts: { cat: 5, dog: 5 },
      problems: [],
      leftOut: 0,
      used: 1,
    });
  });

  it('with numbers that a file of names explains', async () => {
    const lst = lines((i) => `${i}\t${i % 2}\timages/${i}.jpg`);
    expect(await table(images, { 'train.lst': lst, 'classes.txt': 'cat\ndog\n' })).toMatchObject({
      format: 'lst',
      counts: { cat: 5, dog: 5 },
      problems: [],
    });
  });

  it.each<[string, Texts]>([
    [
      'a column',
      {
        'l.csv': lines(
          (i) => `${i}.jpg,${labelOf(i)},${i < 8 ? 'train' : 'test'}`,
          'file,label,split',
        ),
      },
    ],
    [
      'two lists',
      {
        'train.csv': lines((i) => (i < 8 ? `${i}.jpg,${labelOf(i)}` : ''), 'file,label'),
        'test.csv': lines((i) => (i < 8 ? '' : `${i}.jpg,${labelOf(i)}`), 'file,label'),
      },
    ],
    [
      'Vertex',
      { 'v.csv': lines((i) => `${i < 8 ? 'TRAIN' : 'TEST'},gs://b/${i}.jpg,${labelOf(i)}`) },
    ],
    ['Vertex, JSON Lines', { 'v.jsonl': json((i) => vertex(i, i < 8 ? 'training' : 'test')) }],
  ])('and the split: %s', async (_, texts) => {
    expect(await table(images, texts)).toMatchObject({
      counts: { 'cat train': 4, 'dog train': 4, 'cat test': 1, 'dog test': 1 },
      problems: [],
    });
  });

  it('as Roboflow exports it: folders with a _classes.csv in each', async () => {
    const parts = ['train', 'valid', 'test'];
    const files = parts.flatMap((part) => N.map((i) => `${part}/${i}.jpg`));
    const csv = lines((i) => `${i}.jpg, ${1 - (i % 2)}, ${i % 2}`, 'filename, cat, dog');
    const texts = Object.fromEntries(parts.map((part) => [`${part}/_classes.csv`, csv]));

    expect(await table(files, { ...texts, 'README.roboflow.txt': 'x' })).toEqual({
      format: 'roboflow-classes',
      counts: Object.fromEntries(
        ['train', 'validation', 'test'].flatMap((part) => [
          [`cat ${part}`, 5],
          [`dog ${part}`, 5],
        ]),
      ),
      problems: [],
      leftOut: 1,
      used: 3,
    });
  });

  it('of the training part, and the rest is left out', async () => {
    const files = [...N.map((i) => `train/${i}.jpg`), ...N.map((i) => `test/${i}.jpg`)];
    const texts = {
      'train.csv': lines((i) => `${i},${labelOf(i)}`, 'id,breed'),
      'sample_submission.csv': lines((i) => `${i},cat`, 'id,breed'),
    };

    expect(await table(files, texts)).toMatchObject({
      counts: { cat: 5, dog: 5 },
      leftOut: 11,
      problems: [],
    });
  });

  it('but says what is wrong with it', async () => {
    const csv = lines((i) => `images/${i}.jpg,${labelOf(i)}`, 'file,label');
    const codes = async (text: string) => (await table(images, { 'l.csv': text })).problems;

    expect(await codes(`${csv}\nimages/1.jpg,cat`)).toEqual(['LABEL_CONFLICT']);
    expect(await codes(`${csv}\nimages/99.jpg,cat`)).toEqual(['LISTED_FILE_MISSING']);
    expect(await codes(lines((i) => `${i}.jpg,a,b,c`, 'file,one,two,three'))).toEqual([
      'LIST_COLUMNS',
    ]);
    const { warnings } = await read(images, { 'l.csv': `${csv}\nimages/1.jpg,dog` });
    expect(warnings.map(({ code }) => code)).toEqual(['LISTED_TWICE']);
  });

  it('unless folders name the class of all images, and the list of few', async () => {
    const files = N.map((i) => `${labelOf(i)}/${i}.jpg`);
    const counts = { cat: 5, dog: 5 };

    expect(await table(files, { 'a.csv': 'file,label\n1.jpg,x\n2.jpg,y' })).toMatchObject({
      counts,
      format: 'class-folders',
    });
    expect(
      await table(files, { 'sizes.csv': lines((i) => `${i}.jpg,4,5`, 'file,width,height') }),
    ).toMatchObject({ counts, leftOut: 1 });
  });
});

describe('a dataset for another task is refused by name', () => {
  const sidecars = (text: string, ending: string): Texts =>
    Object.fromEntries(N.map((i) => [`labels/${i}.${ending}`, text]));

  it.each<[string, Texts, string]>([
    [
      'VOC',
      sidecars('<annotation><object><name>cat</name></object></annotation>', 'xml'),
      'TASK_DETECTION',
    ],
    ['YOLO', { ...sidecars('0 0.5 0.5 0.2 0.2', 'txt'), 'data.yaml': 'nc: 2' }, 'TASK_DETECTION'],
    ['YOLO outlines', sidecars('0 0.5 0.5 0.2 0.2 0.1 0.1 0.3', 'txt'), 'TASK_SEGMENTATION'],
    ['LabelMe', sidecars('{"shapes": []}', 'json'), 'TASK_SEGMENTATION'],
    [
      'a table of boxes',
      {
        'a.csv': lines(
          (i) => `${i}.jpg,9,9,cat,1,1,5,5`,
          'filename,width,height,class,xmin,ymin,xmax,ymax',
        ),
      },
      'TASK_DETECTION',
    ],
    [
      'run lengths',
      { 'a.csv': lines((i) => `${i}.jpg,1 3 10 5`, 'ImageId,EncodedPixels') },
      'TASK_SEGMENTATION',
    ],
    [
      'several labels',
      { 'a.csv': lines((i) => `${i}.jpg,cat|dog`, 'Image Index,Finding Labels') },
      'TASK_MULTI_LABEL',
    ],
    [
      'several ones',
      { '_classes.csv': lines((i) => `images/${i}.jpg,1,1`, 'filename,cat,dog') },
      'TASK_MULTI_LABEL',
    ],
    [
      'measurements',
      {
        'a.csv':
          lines((i) => `${i}.jpg,${i * 1.37}`, 'file,age')
            .replace('0.jpg,0', '0.jpg,0.5')
            .concat('\nimages/0.jpg,0.5', '\n1.jpg,1.37') +
          N.map((i) => `\n${i}.jpg,${i}.25`).join(''),
      },
      'TASK_REGRESSION',
    ],
  ])('%s', async (_, texts, code) => {
    expect((await table(images, texts)).problems).toEqual([code]);
  });

  it.each([
    ['train-images-idx3-ubyte.gz', 'MNIST IDX'],
    ['data_batch_1', 'CIFAR batches'],
    ['data/train-00000-of-00001.parquet', 'Parquet'],
    ['flowers.tfrecord', 'TFRecord'],
    ['pathmnist.npz', 'NumPy'],
    ['train.rec', 'RecordIO'],
    ['data.mdb', 'LMDB'],
    ['scan/1.dcm', 'DICOM'],
  ])('%s', async (path, name) => {
    const { problems } = await read([], { [path]: 'x' });

    expect(problems.map(({ code }) => code)).toEqual(['FORMAT_NOT_READ']);
    expect(problems[0]?.what).toContain(name);
  });

  it('masks', async () => {
    const files = N.flatMap((i) => [`images/${i}.jpg`, `masks/${i}_mask.png`]);

    expect((await table(files, {})).problems).toEqual(['TASK_SEGMENTATION']);
  });

  it('texts', async () => {
    const { problems } = await read([], { 'train.csv': 'text,label\nhello,a\nbye,b' });

    expect(problems.map(({ code }) => code)).toEqual(['TASK_TEXT']);
  });
});

describe('a hostile list', () => {
  it.each<[string, string]>([
    ['an open quote', `file,label\n"${'a,'.repeat(500_000)}`],
    ['open quotes', `file,label\n${'"x,'.repeat(300_000)}`],
    ['only quotes', '"'.repeat(1_000_000)],
    ['a row of 1,000,000 cells', ','.repeat(1_000_000)],
    ['1,000,000 rows', `file,label\n${'x,y\n'.repeat(1_000_000)}`],
    ['deep JSON', '['.repeat(1_000_000)],
    ['lines that are no JSON', `{\n${'x\n'.repeat(1_000_000)}`],
    ['names of prototypes', '{"__proto__": "a", "constructor": "b", "0.jpg": "c"}'],
    ['null', 'null'],
    ['nothing', ''],
  ])(
    'ends in time: %s',
    async (_, text) => {
      for (const path of ['l.csv', 'l.json', 'l.txt', 'images/metadata.jsonl']) {
        await read(images, { [path]: text });
      }
    },
    30_000,
  );
});
