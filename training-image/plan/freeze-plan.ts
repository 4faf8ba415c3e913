import { type Recipe, retrainedBlocks } from '#core/recipe.ts';
import { readModel } from '#engine/read-model.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { TrainingRefused, tellFaults } from '../job/errors.ts';

/**
 * How many of the teacher's last blocks are retrained, besides the head. "auto" retrains none in this version.
 *
 * @throws TrainingRefused TEACHER_NOT_TRAINABLE where blocks should be retrained that the engine does not know
 */
export function planFreeze({ regime }: Recipe, { entry, json, weights }: Teacher): number {
  const retrained = retrainedBlocks(regime, entry.blockOutputs.length);
  if (retrained === 0) return 0;
  const read = readModel(json, weights);
  if (read.ok) return retrained;
  const faults = read.problems.map(({ where, what }) => `${where}: ${what}`);
  throw new TrainingRefused('TEACHER_NOT_TRAINABLE', tellFaults(faults));
}
