import { type Recipe, retrainedBlocks } from '#core/recipe.ts';
import { readModel } from '#engine/read-model.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { summarise, TrainingRefused } from '../job/errors.ts';

/**
 * Decides how many of the teacher's last blocks are retrained, besides the head. In this version "auto" retrains none.
 *
 * @throws TrainingRefused TEACHER_NOT_TRAINABLE if blocks should be retrained that the engine does not support
 */
export function retrainedBlocksFor({ regime }: Recipe, { entry, json, weights }: Teacher): number {
  const retrained = retrainedBlocks(regime, entry.blockOutputs.length);
  if (retrained === 0) return 0;
  const read = readModel(json, weights);
  if (read.ok) return retrained;
  const faults = read.problems.map(({ where, what }) => `${where}: ${what}`);
  throw new TrainingRefused('TEACHER_NOT_TRAINABLE', summarise(faults));
}
