import { type Problem, problem } from '#core/problem.ts';
import type { DatasetFile } from '../dataset-files.ts';
import { containerOf } from './sort-files.ts';

export type OtherTask =
  | 'detection'
  | 'segmentation'
  | 'text'
  | 'pixels'
  | 'multi-label'
  | 'regression'
  | 'reinforcement-learning';

/** What a dataset is for that does not classify images, and what serves it. */
const TASKS: Record<OtherTask, [what: string, remedy: string]> = {
  detection: [
    'has boxes around objects: it is for object detection, but a student says one class per image.',
    'Train a detector (such as YOLO, Detectron2 or MediaPipe Model Maker), or crop the boxes into one folder per class.',
  ],
  segmentation: [
    'has masks or outlines: it is for segmentation, but a student says one class per image.',
    'Train a segmentation model (such as U-Net, SegFormer or YOLO-seg), or sort whole images into one folder per class.',
  ],
  text: [
    'is about texts: a student classifies images.',
    'Use a text classifier (such as Hugging Face AutoTrain, fastText or Amazon Comprehend).',
  ],
  pixels: [
    'has the pixels of images as numbers, not image files.',
    'Write each row as a PNG into the folder of its class.',
  ],
  'multi-label': [
    'gives images several labels: a student says exactly one class per image.',
    'Keep one label per image, or train a multi-label model (such as Vertex AI, Rekognition Custom Labels or timm).',
  ],
  'reinforcement-learning': [
    'has episodes of actions and rewards: it is for reinforcement learning, but a student learns from labelled images.',
    'Use a library for learning from recorded episodes (such as d3rlpy or RLlib), or put the frames into one folder per class.',
  ],
  regression: [
    'has measurements as labels, not classes: it is for regression.',
    'Divide the values into a few named classes, or train a regression model (such as AutoGluon or timm with one output).',
  ],
};

export function otherTaskProblem(task: OtherTask, where: string): Problem {
  const [what, remedy] = TASKS[task];
  return problem(
    `TASK_${task.toUpperCase().replace('-', '_')}`,
    where,
    `The dataset ${what}`,
    remedy,
  );
}

const EXTRACT = 'Write its images as PNG or JPEG files, one folder per class, and upload those.';

const CONVERSIONS: Record<string, string> = {
  'MNIST IDX':
    'Write each image as a PNG into the folder of its class ("mnist" in torchvision and Keras gives them).',
  'CIFAR batches':
    'Write each image as a PNG into the folder of its class ("CIFAR10" in torchvision gives them).',
  DICOM: 'Convert the images to PNG (for example with "dcmj2pnm" of DCMTK), one folder per class.',
  NIfTI: 'Write the slices as PNG files, one folder per class.',
  'a Teachable Machine project':
    'Download the images of each class from Teachable Machine, and put them into one folder per class.',
  'a Lobe project': 'Export the images from Lobe, one folder per label, and upload those.',
};

/** Datasets in a container that is not opened, one problem for each kind. */
export function containerProblems(containers: readonly DatasetFile[]): Problem[] {
  const kinds = new Map<string, DatasetFile[]>();
  for (const file of containers) {
    const kind = containerOf(file.path) ?? '';
    kinds.set(kind, [...(kinds.get(kind) ?? []).slice(0, 1), file]);
  }
  return [...kinds].map(([kind, [first]]) => {
    const what = `The dataset is in the format ${kind}, which is not opened.`;
    return problem('FORMAT_NOT_READ', first?.path ?? '', what, CONVERSIONS[kind] ?? EXTRACT);
  });
}
