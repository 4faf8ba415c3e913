/** Files beside six images in each of `a/` and `b/` (`a/0.png` …), and what the validation must answer. */
export interface TableCase {
  name: string;
  files: Record<string, string | Buffer>;
  answer: string; // the codes of the problems, or `accepted`
  labels?: string[]; // of an accepted one
  format?: string;
}

export const IMAGES = ['a', 'b'].flatMap((folder) =>
  [0, 1, 2, 3, 4, 5].map((i) => `${folder}/${i}.png`),
);

const lines = (line: (path: string, label: string) => string, header = ''): string =>
  header + IMAGES.map((path) => `${line(path, path.startsWith('a') ? 'cat' : 'dog')}\n`).join('');
const plain = lines((path, label) => `${path},${label}`, 'file,label\n');
const utf16 = (text: string) =>
  Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
const CATS = { answer: 'accepted', labels: ['cat', 'dog'] };
const FOLDERS = { answer: 'accepted', labels: ['a', 'b'], format: 'class-folders' };
const csv = (
  name: string,
  text: string | Buffer,
  rest: Omit<TableCase, 'name' | 'files'> = CATS,
): TableCase => ({
  name,
  files: { 'labels.csv': text },
  ...rest,
});
const jsonl = (
  name: string,
  text: string,
  rest: Omit<TableCase, 'name' | 'files'> = CATS,
): TableCase => ({
  name,
  files: { 'labels.jsonl': text },
  ...rest,
});

export const TABLES: readonly TableCase[] = [
  csv('a plain CSV', plain),
  csv('CRLF', plain.replaceAll('\n', '\r\n')),
  csv('CR alone', plain.replaceAll('\n', '\r')),
  csv('a byte order mark', `\ufeff${plain}`),
  csv('UTF-16', utf16(plain)),
  csv('semicolons', plain.replaceAll(',', ';')),
  csv('tabs', plain.replaceAll(',', '\t')),
  csv(
    'quotes',
    lines((path, label) => `"${path}","${label}"`, '"file","label"\n'),
  ),
  csv(
    'quotes inside quotes',
    lines((path, label) => `${path},"the ""${label}"""`, 'file,label\n'),
    { answer: 'accepted', labels: ['the "cat"', 'the "dog"'] },
  ),
  csv(
    'line breaks in quotes are no labels',
    lines((path, label) => `${path},"the\n${label}"`, 'file,label\n'),
    { answer: 'CLASS_NAME' },
  ),
  csv(
    'no header',
    lines((path, label) => `${path},${label}`),
  ),
  csv(
    'the label first',
    lines((path, label) => `${label},${path}`, 'label,file\n'),
  ),
  csv('empty lines', plain.replaceAll('\n', '\n\n')),
  csv('a quote that is never closed', plain.replace('a/3.png,cat', '"a/3.png,cat'), {
    answer: 'LISTED_FILE_AMBIGUOUS',
  }),
  csv('a quote of 10 MB that is never closed', `${plain}"${'x'.repeat(1e7)}`, {
    answer: 'LISTED_FILE_MISSING',
  }),
  csv('a line of 5 MB', `${plain}${'x,'.repeat(2.5e6)}\n`, { answer: 'LISTED_FILE_MISSING' }),
  csv('3 million commas', `file,label${','.repeat(3e6)}\n`, { answer: 'TASK_PIXELS' }),
  csv('a header alone', 'file,label\n', FOLDERS),
  csv('nothing', '', FOLDERS),
  csv('zeros', Buffer.alloc(100_000), FOLDERS),
  csv(
    'random bytes',
    Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 7 + i) % 256)),
    FOLDERS,
  ),
  csv('a file in two classes', `${plain}a/0.png,dog\n`, { answer: 'LABEL_CONFLICT' }),
  csv('a file listed twice', `${plain}a/0.png,cat\n`),
  csv('files that are not there', `${plain}c/71.png,cat\nc/72.png,dog\n`, {
    answer: 'LISTED_FILE_MISSING',
  }),
  csv('paths that lead out', plain.replaceAll('a/', '../../../a/')),
  csv(
    'names that fit several files',
    lines((path, label) => `${path.slice(2)},${label}`, 'file,label\n'),
    FOLDERS,
  ),
  csv(
    'several labels',
    lines((path, label) => `${path},${label}|pet`, 'file,label\n'),
    { answer: 'TASK_MULTI_LABEL' },
  ),
  csv(
    'measurements',
    IMAGES.reduce((text, path, i) => `${text}${path},${i * 1.37}\n`, 'file,label\n'),
    { answer: 'TASK_REGRESSION' },
  ),
  csv(
    'boxes',
    lines((path, label) => `${path},${label},1,2,3,4`, 'file,label,xmin,ymin,xmax,ymax\n'),
    { answer: 'TASK_DETECTION' },
  ),
  csv(
    'run lengths',
    lines((path) => `${path},1 2 3`, 'file,EncodedPixels\n'),
    { answer: 'TASK_SEGMENTATION' },
  ),
  csv(
    'actions and rewards',
    lines((path) => `${path},1,0.5,0`, 'observation,action,reward,done\n'),
    { answer: 'TASK_REINFORCEMENT_LEARNING' },
  ),
  csv(
    'a label that is a formula',
    lines((path, label) => `${path},=cmd|'/c calc'!${label}`, 'file,label\n'),
    { answer: 'TASK_MULTI_LABEL' },
  ),
  csv(
    'a label with an escape sequence',
    lines((path, label) => `${path},\u001b[31m${label}`, 'file,label\n'),
    { answer: 'CLASS_NAME' },
  ),
  csv(
    'a label that turns the text',
    lines((path, label) => `${path},\u202e${label}`, 'file,label\n'),
    { answer: 'CLASS_NAME' },
  ),
  csv(
    'a label of markup',
    lines((path, label) => `${path},<img src=x onerror=alert(1)>${label}`, 'file,label\n'),
    {
      answer: 'accepted',
      labels: ['<img src=x onerror=alert(1)>cat', '<img src=x onerror=alert(1)>dog'],
    },
  ),
  csv(
    'labels called __proto__ and constructor',
    plain.replaceAll('cat', '__proto__').replaceAll('dog', 'constructor'),
    { answer: 'accepted', labels: ['__proto__', 'constructor'] },
  ),
  jsonl(
    'JSON Lines',
    lines((path, label) => JSON.stringify({ file_name: path, label })),
  ),
  jsonl(
    'a line that is cut off',
    `${lines((path, label) => JSON.stringify({ file_name: path, label }))}{"file_name": "a/`,
  ),
  jsonl(
    'lines that are no objects',
    lines((path) => JSON.stringify([path])),
    FOLDERS,
  ),
  jsonl('100,000 brackets', '['.repeat(100_000), FOLDERS),
  jsonl('100,000 objects inside each other', '{"a":'.repeat(100_000), FOLDERS),
  jsonl(
    '__proto__',
    lines(
      (path, label) => `{"__proto__": {"label": "x"}, "image": "${path}", "label": "${label}"}`,
    ),
  ),
  jsonl(
    'Ground Truth',
    lines((path, label) =>
      JSON.stringify({
        'source-ref': `s3://bucket/${path}`,
        x: 0,
        'x-metadata': { 'class-name': label },
      }),
    ),
  ),
  jsonl(
    'addresses on the web',
    lines((path, label) => JSON.stringify({ image: `https://example.com/${path}?x=1`, label })),
  ),
  {
    name: 'two lists that disagree',
    files: { 'one.csv': plain, 'two.csv': plain.replaceAll('cat', 'cow') },
    answer: 'LABEL_CONFLICT',
  },
  { name: 'a COCO file', files: { 'annotations.json': coco(false) }, ...CATS, format: 'coco' },
  {
    name: 'a COCO file with two boxes of two kinds',
    files: { 'annotations.json': coco(true) },
    answer: 'TASK_DETECTION',
  },
  {
    name: 'a list of another list',
    files: { 'labels.csv': 'file,label\nother.csv,cat\n' },
    ...FOLDERS,
  },
];

function coco(isDetection: boolean): string {
  const images = IMAGES.map((file_name, id) => ({ id, file_name }));
  const categories = ['cat', 'dog'].map((name, id) => ({ id, name }));
  const annotations = images.flatMap(({ id, file_name }) => {
    const one = {
      image_id: id,
      category_id: file_name.startsWith('a') ? 0 : 1,
      bbox: [0, 0, 4, 4],
    };
    return isDetection ? [one, { ...one, category_id: 1 - one.category_id }] : [one];
  });
  return JSON.stringify({ images, categories, annotations });
}
