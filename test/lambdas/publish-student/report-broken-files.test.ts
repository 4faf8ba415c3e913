import { beforeEach, describe, expect, it } from 'vitest';
import { jobKeys } from '#core/keys.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { type PipelineInMemory, pipelineInMemory } from '../pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
  await pipeline.sweep();
});

async function failWith(code: string): Promise<{ problems: unknown[]; accepted: boolean }> {
  const { training, ports, bucket, onlyJob } = pipeline;
  training.end((_, trainingJobName) => ({
    type: 'training-failed',
    trainingJobName,
    code,
    what: 'It failed.',
    remedy: 'Repair it.',
  }));
  await publishStudent(ports, onlyJob().id);
  await publishStudent(ports, onlyJob().id); // once more changes nothing
  return JSON.parse((await bucket.objects.readText(jobKeys(onlyJob().id).report)) ?? '');
}

const listBroken = (text: string) =>
  pipeline.bucket.put(`${jobKeys(pipeline.onlyJob().id).checkpoints}broken-files.json`, text);
const fifty = Array.from({ length: 50 }, (_, i) => ({ file: `cat/${i}.png`, what: 'is cut off' }));

describe('the report of a training that found broken files', () => {
  it('lists all of them, beside the classes', async () => {
    listBroken(JSON.stringify(fifty));
    const report = await failWith('VALIDATION_FAILED');

    expect(report).toMatchObject({ accepted: false, classes: [{ name: 'cat' }, { name: 'dog' }] });
    expect(report.problems).toHaveLength(50);
    expect(report.problems[49]).toMatchObject({
      code: 'VALIDATION_FAILED',
      where: 'cat/49.png',
      what: 'The file is cut off.',
    });
  });

  it('stays as it is when the list is damaged, or of an earlier attempt', async () => {
    listBroken('[{');
    expect(await failWith('VALIDATION_FAILED')).toMatchObject({ accepted: true, problems: [] });
  });

  it('is not changed by another failure', async () => {
    listBroken(JSON.stringify(fifty));
    expect(await failWith('MAX_RUNTIME')).toMatchObject({ accepted: true, problems: [] });
  });
});
