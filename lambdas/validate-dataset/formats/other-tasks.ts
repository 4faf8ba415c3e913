import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';

const INSTEAD =
  'Understudy trains classifiers of whole images: cut the objects out and sort them into class folders, or use a service for this task, such as Amazon Rekognition Custom Labels or Ultralytics YOLO.';

/** What a dataset of another task has beside its images; `undefined` where nothing points to one. */
export function otherTask(
  images: readonly DatasetFile[],
  others: readonly DatasetFile[],
): Problem | undefined {
  if (images.length === 0) return undefined;
  const stems = new Set(images.map(({ path }) => stemOf(path)));
  const beside = (extension: string) =>
    others.filter(({ path }) => path.toLowerCase().endsWith(extension) && stems.has(stemOf(path)))
      .length;
  const names = others.map(({ path }) => (path.split('/').pop() ?? '').toLowerCase());
  const isMost = (count: number) => count >= images.length / 2;

  if (isMost(beside('.xml'))) return detection('an .xml file for each image, as Pascal VOC has');
  if (
    isMost(beside('.txt')) &&
    names.some((name) => /^(data\.ya?ml|classes\.txt|obj\.names|.*\.names)$/.test(name))
  )
    return detection('a .txt file for each image and a list of classes, as YOLO has');
  if (
    names.includes('_annotations.coco.json') ||
    names.some((name) => /^instances_.*\.json$/.test(name))
  )
    return detection('annotations in COCO’s format');
  if (isMost(beside('.json'))) return detection('a .json file for each image, as Labelme has');
  return undefined;
}

function detection(evidence: string): Problem {
  const what = `This looks like a dataset for finding objects in images: it has ${evidence}.`;
  return problem('OTHER_TASK', 'the dataset', what, INSTEAD);
}

/** The name of a file without its folders, where annotations often lie apart, and without its extension. */
const stemOf = (path: string): string => (path.split('/').pop() ?? '').replace(/\.[^.]*$/, '');
