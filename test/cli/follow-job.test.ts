import { describe, expect, it } from 'vitest';
import type { Pipeline } from '#cli/connect.ts';
import { followJob } from '#cli/follow-job.ts';
import { advance, type Job, type Observation, receive } from '#core/job.ts';
import { anUpload, noon } from '#test/uploads.ts';

const FIRST = 'understudy-pets-aaaaaaaaaaaaaaaa-a1';
const SECOND = 'understudy-pets-aaaaaaaaaaaaaaaa-a2';
const summary = { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' };

/** A pipeline in which each look at the job finds the next of these observations made. */
function pipelineWith(observations: readonly Observation[]): Pipeline {
  let job: Job = receive(anUpload(), noon);
  const left = [...observations];
  const load = async () => {
    const next = left.shift();
    if (next) job = advance(job, next, noon);
    return job;
  };
  const logs = { send: async () => ({ events: [] }) };
  return { jobs: { load }, logs, pollMs: 1 } as unknown as Pipeline;
}

describe('followJob', () => {
  it('goes on following a training that waits in between', async () => {
    const pipeline = pipelineWith([
      { type: 'dataset-validated', summary },
      { type: 'launch-started', trainingJobName: FIRST },
      { type: 'training-running', trainingJobName: FIRST },
      {
        type: 'training-failed',
        trainingJobName: FIRST,
        code: 'TRAINER_KILLED',
        what: 'The training process was killed.',
        remedy: 'Retry the job.',
      },
      { type: 'launch-started', trainingJobName: SECOND },
      { type: 'training-running', trainingJobName: SECOND },
      { type: 'training-completed', trainingJobName: SECOND, artifacts: 's3://understudy/o/' },
      { type: 'student-published', version: 'v', accuracy: 0.9, interval95: [0.8, 0.95] },
    ]);
    const job = await followJob(pipeline, { title: 'Upload pets', work: async () => 'a' });

    expect(job.progress.state).toBe('published');
  });
});
