import { describe, expect, it } from 'vitest';
import { isUnfinished, mlFolder, mlFolderOf } from '#core/ml-folder.ts';

describe('the folder of a training job', () => {
  it('is SageMaker’s unless the environment names another', () => {
    expect(mlFolderOf({}).channel('dataset')).toBe('/opt/ml/input/data/dataset');
    expect(mlFolderOf({ ML_FOLDER: '/tmp/job' })).toMatchObject({ model: '/tmp/job/model' });
    expect(mlFolder().failure).toBe('/opt/ml/output/failure');
  });

  it.each([
    ['features.f32.tmp', true],
    ['.features.f32', true],
    ['features.f32', false],
  ])('knows from the name %s whether a checkpoint is still being written: %s', (name, answer) => {
    expect(isUnfinished(name)).toBe(answer);
  });
});
