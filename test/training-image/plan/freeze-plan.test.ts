import { describe, expect, it } from 'vitest';
import { Recipe } from '#core/recipe.ts';
import { tf } from '#engine/tensorflow/load.ts';
import type { Teacher } from '#training-image/features/load-teacher.ts';
import type { TrainingRefused } from '#training-image/job/errors.ts';
import { retrainedBlocksFor } from '#training-image/plan/freeze-plan.ts';
import { chain, modelFiles, network, SIDE } from '../../engine/networks.ts';

/** A teacher of two blocks, of which one may have an activation that the engine does not know. */
async function teacherWith(activation: 'relu' | 'selu'): Promise<Teacher> {
  const model = network((x) =>
    chain(x, [
      tf.layers.conv2d({ filters: 3, kernelSize: 3, activation, name: 'odd_conv' }),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ]),
  );
  const { json, bytes } = await modelFiles(model);
  const entry = { blockOutputs: ['one', 'two'] } as unknown as Teacher['entry'];
  return { entry, px: SIDE, digest: '', model, json, weights: bytes };
}
const recipe = (regime: string) => Recipe.parse({ regime });

describe('retrainedBlocksFor', () => {
  it.each([
    ['auto', 0],
    ['head-only', 0],
    ['blocks:1', 1],
    ['full', 2],
  ])('of %s retrains %i of two blocks', async (regime, blocks) => {
    expect(retrainedBlocksFor(recipe(regime), await teacherWith('relu'))).toBe(blocks);
  });

  it.each(['blocks:1', 'full'])(
    'refuses %s by the layer that the engine does not know',
    async (regime) => {
      const teacher = await teacherWith('selu');

      expect(() => retrainedBlocksFor(recipe(regime), teacher)).toThrow(
        expect.objectContaining<Partial<TrainingRefused>>({
          code: 'TEACHER_NOT_TRAINABLE',
          message: expect.stringContaining('odd_conv'),
        }),
      );
    },
  );

  it('lets a head be trained on whatever teacher', async () => {
    expect(retrainedBlocksFor(recipe('head-only'), await teacherWith('selu'))).toBe(0);
  });
});
