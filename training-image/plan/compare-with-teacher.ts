import { at } from '#core/at.ts';
import type { StudentCard } from '#core/card.ts';
import { frozenPrefix } from '#engine/frozen-prefix.ts';
import { readModel } from '#engine/read-model.ts';
import { teacherClassNames } from '#teachers/imagenet-classes.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { batchNormShift } from './batch-norm-shift.ts';
import type { Sample } from './measure-candidate.ts';
import { nearestTeacherClasses } from './nearest-teacher-classes.ts';

/** Images that are compared; chosen: a few of each class are enough to name what the teacher takes them for. */
export const COMPARED_IMAGES = 64;

const NAMED = 3; // teacher classes for each new class

type Comparison = NonNullable<NonNullable<StudentCard['plan']>['teacherView']>;

/**
 * How the teacher sees the new images: what it takes each class for, and how far the statistics of its layers are from
 * those it was trained with.
 *
 * @returns `undefined` if the engine cannot read the teacher, or there are no images
 */
export function compareWithTeacher(
  { entry, json, weights }: Teacher,
  { pixels, labels }: Pick<Sample, 'pixels' | 'labels'>,
  classes: readonly string[],
): Comparison | undefined {
  const read = readModel(json, weights);
  if (!read.ok || labels.length === 0) return undefined;
  const topology = read.value;
  const whole = frozenPrefix(topology, [topology.output]);
  const logits = at(whole.run(pixels, labels.length), 0);
  whole.dispose();
  const names = teacherClassNames(entry) ?? [];
  const nearest = nearestTeacherClasses(logits, labels, classes.length, names, NAMED);
  const { perBlock, inputLevelShift } = batchNormShift(topology, entry.blockOutputs, pixels);
  return {
    images: labels.length,
    nearest: nearest.map((similar, i) => ({ name: at(classes, i), similar })),
    shiftPerBlock: perBlock,
    inputLevelShift,
  };
}
