import { partOf } from './split-names.ts';

/** A list in JSON, as a table with a header; or a task that is not to classify images. */
export type JsonList =
  | { kind: string; format: string; rows: string[][] }
  | { task: 'detection' | 'segmentation' | 'text' }
  | undefined;

const SAMPLE = 20; // lines that show whether each is an object

type Fields = Record<string, unknown>;
const HEADER = ['image', 'label', 'split'];

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsIn = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const labelsOf = (labels: readonly string[]): string => [...new Set(labels)].join('|');

/** JSON, or a JSON object a line. */
export function readJsonList(text: string): JsonList {
  const whole = parse(text);
  if (whole !== undefined && !(isFields(whole) && 'source-ref' in whole)) return readWhole(whole);
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  if (!lines.slice(0, SAMPLE).some((line) => isFields(parse(line)))) return undefined;
  const objects = lines.map(parse).filter(isFields);
  return objects.length * 2 > lines.length ? readObjects(objects) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readWhole(value: unknown): JsonList {
  if (Array.isArray(value)) return readS3Manifest(value) ?? readObjects(fieldsIn(value));
  if (!isFields(value)) return undefined;
  if (Array.isArray(value.images) && Array.isArray(value.categories)) return readCoco(value);
  if (Array.isArray(value.items) && isFields(value.categories)) return readDatumaro(value);
  if (Array.isArray(value.shapes)) return { task: 'segmentation' }; // LabelMe
  if (Array.isArray(value.files)) return readEdgeImpulse(fieldsIn(value.files));
  const entries = Object.entries(value);
  if (entries.length > 1 && entries.every(([, label]) => textOf(label) !== '')) {
    const rows = entries.map(([image, label]) => [image, textOf(label), '']);
    return { kind: 'a JSON object of files and labels', format: 'json', rows: [HEADER, ...rows] };
  }
  const [, nested] = entries.find(([, list]) => fieldsIn(list).length > 0) ?? [];
  return nested ? readObjects(fieldsIn(nested)) : undefined;
}

/** COCO: several boxes of one category in an image are one label. */
function readCoco({ images, annotations, categories }: Fields): JsonList {
  const names = new Map(fieldsIn(categories).map(({ id, name }) => [id, textOf(name)]));
  const labels = new Map<unknown, string[]>();
  let hasBoxes = false;
  for (const { image_id, category_id, bbox, segmentation } of fieldsIn(annotations)) {
    hasBoxes ||= [bbox, segmentation].some((each) => Array.isArray(each) && each.length > 0);
    labels.set(image_id, [
      ...new Set([...(labels.get(image_id) ?? []), names.get(category_id) ?? '']),
    ]);
  }
  const rows = fieldsIn(images).map(({ id, file_name }) => [
    textOf(file_name),
    labelsOf(labels.get(id) ?? []),
    '',
  ]);
  if (hasBoxes && rows.some(([, label]) => label?.includes('|'))) return { task: 'detection' };
  const kind = `COCO annotations${hasBoxes ? ' (each image has one category; boxes are ignored)' : ''}`;
  return { kind, format: 'coco', rows: [HEADER, ...rows] };
}

/** Datumaro, also as CVAT exports it: labels by their index in the categories. */
function readDatumaro({ items, categories }: Fields): JsonList {
  const { label } = isFields(categories) ? categories : {};
  const names = fieldsIn(isFields(label) ? label.labels : undefined).map(({ name }) =>
    textOf(name),
  );
  const types = new Set<string>();
  const rows = fieldsIn(items).map(({ id, image, annotations }) => {
    const all = fieldsIn(annotations);
    for (const { type } of all) types.add(textOf(type));
    const labels = all
      .filter(({ type }) => type === 'label')
      .map(({ label_id }) => names[Number(label_id)] ?? textOf(label_id));
    const path = isFields(image) ? textOf(image.path) : '';
    return [path || textOf(id), labelsOf(labels), ''];
  });
  const hasLabels = rows.some(([, each]) => each !== '');
  if (!hasLabels && types.has('bbox')) return { task: 'detection' };
  if (!hasLabels && types.size > 0) return { task: 'segmentation' };
  return { kind: 'an export of Datumaro', format: 'datumaro', rows: [HEADER, ...rows] };
}

/** SageMaker's ManifestFile: a prefix, and the files below it; their folders are the classes, or parts of a split. */
function readS3Manifest([first, ...rest]: readonly unknown[]): JsonList {
  if (!isFields(first) || textOf(first.prefix) === '' || rest.length === 0) return undefined;
  if (!rest.every((each) => typeof each === 'string')) return undefined;
  const rows = rest.map((path) => {
    const folders = path
      .split('/')
      .filter((each) => each !== '')
      .slice(0, -1);
    const split = folders.length > 1 && partOf(folders[0] ?? '') ? folders.shift() : '';
    return [path, folders[0] ?? '', split ?? ''];
  });
  return { kind: "SageMaker's ManifestFile", format: 'manifest-file', rows: [HEADER, ...rows] };
}

function readEdgeImpulse(files: readonly Fields[]): JsonList {
  const rows = files.map(({ path, category, label }) => [
    textOf(path),
    isFields(label) ? textOf(label.label) : textOf(label),
    textOf(category) === 'split' ? '' : textOf(category),
  ]);
  return { kind: "Edge Impulse's info.labels", format: 'edge-impulse', rows: [HEADER, ...rows] };
}

function readObjects(objects: readonly Fields[]): JsonList {
  const [first] = objects;
  if (!first) return undefined;
  const table = (kind: string, format: string, row: (each: Fields) => string[]): JsonList => ({
    kind,
    format,
    rows: [HEADER, ...objects.map(row)],
  });
  const text = JSON.stringify(objects.slice(0, 20));
  if (
    /"(boundingBoxAnnotations|bbox|bboxes|boxes|objects|rectanglelabels|topX|annotations":\[\{"class_id)"/.test(
      text,
    ) &&
    !/"choices"/.test(text)
  )
    return { task: 'detection' };
  if (
    /groundtruth\/(object-detection|semantic-segmentation)|"(brushlabels|polygonlabels|polygons?|segmentation|mask)"/.test(
      text,
    )
  )
    return { task: /object-detection/.test(text) ? 'detection' : 'segmentation' };
  if ('source-ref' in first)
    return table('a SageMaker Ground Truth manifest', 'ground-truth', groundTruthRow);
  if ('imageGcsUri' in first) return table('a Vertex AI import file', 'vertex', vertexRow);
  if ('image_url' in first && 'label' in first)
    return table('an Azure ML JSON Lines file', 'azure', ({ image_url, label }) => [
      textOf(image_url),
      Array.isArray(label) ? labelsOf(label.map(textOf)) : textOf(label),
      '',
    ]);
  if (isFields(first.data) && 'annotations' in first)
    return table('a Label Studio export', 'label-studio', labelStudioRow);
  if ('source' in first && !('image' in first) && !('file_name' in first)) return { task: 'text' };
  const keys = [...new Set(objects.slice(0, 100).flatMap(Object.keys))];
  const rows = objects.map((each) => keys.map((key) => flat(each[key])));
  return { kind: 'JSON objects', format: 'jsonl', rows: [keys, ...rows] };
}

function flat(value: unknown): string {
  if (Array.isArray(value)) return labelsOf(value.map(textOf));
  if (isFields(value)) return textOf(value.label ?? value.name ?? value.path);
  return textOf(value);
}

/** The class is the metadata's `class-name`, never the integer or the attribute's name. */
function groundTruthRow(each: Fields): string[] {
  const image = textOf(each['source-ref']);
  const metadata = Object.entries(each).filter(
    ([key, value]) => key.endsWith('-metadata') && isFields(value),
  );
  const names = metadata.flatMap(([, value]) => {
    if (!isFields(value)) return [];
    if (isFields(value['class-map'])) return Object.values(value['class-map']).map(textOf);
    return 'class-name' in value ? [textOf(value['class-name'])] : [];
  });
  if (names.length > 0) return [image, labelsOf(names), ''];
  const [, label] =
    Object.entries(each).find(([key]) => key !== 'source-ref' && !key.endsWith('-metadata')) ?? [];
  return [image, flat(label), ''];
}

function vertexRow({
  imageGcsUri,
  classificationAnnotation,
  classificationAnnotations,
  dataItemResourceLabels,
}: Fields): string[] {
  const annotations = [classificationAnnotation, ...fieldsIn(classificationAnnotations)].filter(
    isFields,
  );
  const labels = annotations.map(({ displayName }) => textOf(displayName));
  const use = isFields(dataItemResourceLabels)
    ? dataItemResourceLabels['aiplatform.googleapis.com/ml_use']
    : '';
  return [textOf(imageGcsUri), labelsOf(labels), textOf(use)];
}

function labelStudioRow({ data, annotations }: Fields): string[] {
  const image = isFields(data)
    ? Object.values(data)
        .map(textOf)
        .find((each) => /\.\w{3,4}$/.test(each))
    : '';
  const choices = fieldsIn(annotations)
    .filter(({ was_cancelled }) => was_cancelled !== true)
    .flatMap(({ result }) => fieldsIn(result))
    .flatMap(({ value }) =>
      isFields(value) && Array.isArray(value.choices) ? value.choices.map(textOf) : [],
    );
  return [image ?? '', labelsOf(choices), ''];
}
