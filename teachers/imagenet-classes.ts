import type { TeacherEntry } from '#core/teacher.ts';
import list from './imagenet-classes.json' with { type: 'json' };

/** The short names of the 1,000 classes of ImageNet-1k, in the order of the teachers' logits: by WordNet number. */
export const IMAGENET_CLASSES: readonly string[] = list.names;

/** The names of a teacher's classes, in the order of its logits; `undefined` if they are not known. */
export const teacherClassNames = ({
  trainedOn,
}: Pick<TeacherEntry, 'trainedOn'>): readonly string[] | undefined =>
  /^ImageNet-1k\b/.test(trainedOn.dataset) && trainedOn.classes === IMAGENET_CLASSES.length
    ? IMAGENET_CLASSES
    : undefined;
