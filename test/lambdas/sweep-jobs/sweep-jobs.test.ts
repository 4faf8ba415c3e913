import { beforeEach, describe, expect, it } from 'vitest';
import { advance } from '#core/job.ts';
import { sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { NoCapacity, type Objects } from '#ports';
import { HOUR, noon, type PipelineInMemory, pipelineInMemory } from '../pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await pipelineInMemory();
});

const afterNoon = (seconds: number) => new Date(noon.getTime() + seconds * 1000);
const cancel = () =>
  pipeline.jobs.save(advance(pipeline.onlyJob(), { type: 'cancel-requested' }, noon));

/** A validation that dies after the row is written. */
async function diesWhileValidating(): Promise<void> {
  const { objects } = pipeline.ports;
  const { readRange } = objects;
  objects.readRange = () => Promise.reject(new Error('the process died'));
  await expect(validateDataset(pipeline.ports, 'datasets/pets/_READY')).rejects.toThrow('died');
  objects.readRange = readRange;
}

describe('sweepJobs', () => {
  it('lets a second job wait for the first, and then launches it', async () => {
    const { training, upload, sweep, states, complete } = pipeline;
    upload('birds');
    await sweep();
    expect(states()).toEqual(['training', 'waiting']);
    await sweep();
    training.end(complete());
    await sweep();
    await sweep();

    expect(states()).toEqual(['published', 'training']);
  });

  it('lets a job wait whose training ended for lack of capacity, and trains again under another name', async () => {
    const { training, sweep, onlyJob } = pipeline;
    await sweep();
    training.end((_, trainingJobName) => ({
      type: 'training-no-capacity',
      trainingJobName,
      reason: 'CapacityError: none',
    }));
    await sweep();
    expect(onlyJob().progress).toMatchObject({ state: 'waiting', waitingFor: 'capacity' });

    await sweep();
    expect(onlyJob().progress.state).toBe('training');
    expect([...training.started.keys()]).toHaveLength(2);
  });

  it('stops the training of a cancelled job', async () => {
    await pipeline.sweep();
    await cancel();
    await pipeline.sweep();

    expect(pipeline.training.stopped).toHaveLength(1);
  });

  it('rejects a recipe that names an instance type this deployment does not have', async () => {
    const { ports, bucket, sweep, onlyJob } = pipeline;
    ports.allowedInstanceTypes = ['ml.g4dn.xlarge'];
    bucket.put('datasets/pets/dataset.json', '{"instance_types": ["ml.p4d.24xlarge"]}');
    await sweep();

    const [problem] = Object(onlyJob().progress).problems;
    expect(problem).toMatchObject({ code: 'INSTANCE_TYPE' });
    expect(problem.what).toContain('ml.p4d.24xlarge');
  });

  it('counts the jobs that make no progress', async () => {
    const { ports } = pipeline;
    const counts: number[] = [];
    ports.training.start = () =>
      Promise.reject(new NoCapacity('quota', 'The limit is 0 Instances.'));
    const day = 24;
    for (let hour = 0; hour < 2 * day; hour++) {
      ports.now = () => afterNoon(hour * HOUR);
      await sweepJobs(ports, 0, (stuck) => counts.push(stuck));
    }

    expect(counts.slice(0, day)).toEqual(Array(day).fill(0));
    expect(counts.at(-1)).toBe(1);
  });

  it('tries a refused launch again only after a while, however far ahead it looks', async () => {
    const ports = { ...pipeline.ports, retryRefusedSeconds: 60 };
    const tries: number[] = [];
    for (let second = 0; second <= 120; second += 10) {
      ports.now = () => afterNoon(second);
      ports.training.start = () => {
        tries.push(second);
        return Promise.reject(new NoCapacity('capacity', 'The disk is full.'));
      };
      await sweepJobs(ports, 24 * HOUR);
    }

    expect(tries).toEqual([0, 60, 120]);
  });

  it('moves open jobs before it lists uploads', async () => {
    const { ports, state } = pipeline;
    await validateDataset(ports, 'datasets/pets/_READY');
    ports.objects.listTopLevel = () => Promise.reject(new Error('the listing takes too long'));

    await expect(sweepJobs(ports, HOUR)).rejects.toThrow(AggregateError);
    expect(state()).toBe('training');
  });

  it('logs a job that fails, goes on with the others, and fails at the end', async () => {
    const { ports, failed, upload, states, jobs } = pipeline;
    upload('birds');
    ports.maxConcurrentJobs = 2;
    for (const name of ['pets', 'birds']) await validateDataset(ports, `datasets/${name}/_READY`);
    const [first] = await jobs.open();
    const { start } = ports.training;
    ports.training.start = async (request) => {
      if (request.job.id === first?.id) throw new Error('SageMaker is down');
      return start(request);
    };

    await expect(sweepJobs(ports, HOUR)).rejects.toThrow('1 of the swept jobs or uploads failed');
    expect(states()).toEqual(['launching', 'training']);
    expect(failed.map(({ about }) => about)).toEqual([{ jobId: first?.id }]);
  });
});

describe('a job whose stage fails every time', () => {
  it('is reported even if the failed try has moved its row', async () => {
    const { ports, failed, state } = pipeline;
    await validateDataset(ports, 'datasets/pets/_READY');
    ports.training.start = () => Promise.reject(new Error('SageMaker is down'));
    ports.now = () => afterNoon(2 * HOUR);

    await expect(sweepJobs(ports)).rejects.toThrow(AggregateError);

    expect(String(failed[0]?.error)).toContain('SageMaker is down');
    expect(state()).toBe('launching'); // as of now: its hour begins again
  });

  it('ends as failed after an hour, and another job gets its training slot', async () => {
    const { ports, upload, jobs, states } = pipeline;
    await validateDataset(ports, 'datasets/pets/_READY');
    const { start } = ports.training;
    ports.training.start = async (request) => {
      if (request.job.name === 'pets') throw new Error('ValidationException: no such manifest');
      return start(request);
    };
    await expect(sweepJobs(ports, HOUR)).rejects.toThrow(AggregateError);
    upload('birds');
    await expect(sweepJobs(ports, HOUR)).rejects.toThrow(AggregateError);
    expect(states()).toEqual(['launching', 'waiting']);

    ports.now = () => afterNoon(2 * HOUR);
    await expect(sweepJobs(ports, HOUR)).rejects.toThrow(AggregateError);
    const pets = jobs.all().find(({ name }) => name === 'pets');
    expect(pets?.progress).toMatchObject({ state: 'failed', code: 'STAGE_FAILED' });
    expect(JSON.stringify(pets?.progress)).toContain('no such manifest');

    ports.now = () => afterNoon(3 * HOUR);
    await sweepJobs(ports, HOUR); // its training job was never created
    await sweepJobs(ports, HOUR);
    expect(states()).toEqual(['failed', 'training']);
  });

  it('does not keep other jobs waiting when its validation never ends', async () => {
    const { ports, upload, states } = pipeline;
    await diesWhileValidating();
    upload('birds');
    await validateDataset(ports, 'datasets/birds/_READY');
    const { list } = ports.objects;
    ports.objects.list = (prefix) =>
      prefix === 'datasets/pets/' ? never() : list.call(ports.objects, prefix);
    ports.now = () => afterNoon(17 * 60);
    void sweepJobs(ports, HOUR);

    await expect.poll(states).toEqual(['received', 'training']);
  });
});

/** A listing that gives nothing and does not end. */
async function* never(): AsyncGenerator<never> {
  await new Promise(() => undefined);
}

describe('a job that is being validated', () => {
  /** The ranges that are read of images: the cost of a validation. */
  function countReads(objects: Objects): { count: number } {
    const reads = { count: 0 };
    const { readRange } = objects;
    objects.readRange = (...range) => {
      reads.count++;
      return readRange(...range);
    };
    return reads;
  }

  it('is not validated a second time by a sweep before its deadline', async () => {
    const { ports, state } = pipeline;
    await diesWhileValidating();
    const reads = countReads(ports.objects);
    ports.now = () => afterNoon(60);
    await sweepJobs(ports);

    expect(state()).toBe('received');
    expect(reads.count).toBe(0);
  });

  it('is validated again after its deadline, and nothing else is done to it', async () => {
    const { ports, state } = pipeline;
    await diesWhileValidating();
    ports.now = () => afterNoon(17 * 60);
    await sweepJobs(ports);

    expect(state()).toBe('validated');
  });

  it('fails when its upload was replaced before it was validated', async () => {
    const { bucket, jobs, sweep } = pipeline;
    await diesWhileValidating();
    bucket.remove('datasets/pets/cat/0.png');
    await sweep();

    const codes = jobs
      .all()
      .map(({ progress }) => ('code' in progress ? progress.code : progress.state));
    expect(codes.sort()).toEqual(['UPLOAD_GONE', 'rejected']);
  });

  it('is tried again when the same bytes are uploaded once more after that', async () => {
    const { ports, bucket, onlyJob } = pipeline;
    await diesWhileValidating();
    bucket.remove('datasets/pets/_READY');
    ports.now = () => afterNoon(17 * 60);
    await sweepJobs(ports);
    expect(onlyJob().progress).toMatchObject({ state: 'failed', code: 'UPLOAD_GONE' });

    bucket.put('datasets/pets/_READY', '', afterNoon(HOUR));
    await validateDataset(ports, 'datasets/pets/_READY');

    expect(onlyJob().progress.state).toBe('validated');
  });
});
