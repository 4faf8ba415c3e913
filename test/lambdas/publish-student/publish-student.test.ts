import { beforeEach, describe, expect, it } from 'vitest';
import { studentVersion } from '#core/identity.ts';
import { advance } from '#core/job.ts';
import { jobKeys, latestKey, studentKeys, versionsKey } from '#core/keys.ts';
import { launchTraining } from '#lambdas/launch-training/launch-training.ts';
import { publishStudent } from '#lambdas/publish-student/publish-student.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { noon, type PipelineInMemory, pipelineInMemory } from '../pipeline-in-memory.ts';

let pipeline: PipelineInMemory;
beforeEach(async () => {
  pipeline = await trainingPipeline();
});

/** A pipeline whose one job trains. */
async function trainingPipeline(): Promise<PipelineInMemory> {
  const started = await pipelineInMemory();
  await validateDataset(started.ports, 'datasets/pets/_READY');
  await launchTraining(started.ports, started.onlyJob().id);
  return started;
}

const publish = () => publishStudent(pipeline.ports, pipeline.onlyJob().id);
const students = () => pipeline.bucket.keys().filter((key) => key.startsWith('students/'));

describe('publishStudent', () => {
  it('leaves a training job alone that still runs, and an unknown job', async () => {
    await publish();
    expect(pipeline.state()).toBe('training');
    expect(await publishStudent(pipeline.ports, 'f'.repeat(64))).toBeUndefined();
  });

  it('copies the files of the card, and writes the card last', async () => {
    const { training, complete, state, onlyJob } = pipeline;
    training.end(complete());
    await publish();

    expect(state()).toBe('published');
    const { prefix, card } = studentKeys('pets', studentVersion(onlyJob().id));
    expect(students()).toEqual([
      `${prefix}model/weights.bin`,
      card,
      versionsKey('pets'),
      latestKey('pets'),
    ]);
    expect(onlyJob().progress).toMatchObject({ state: 'published', number: 1 });
    expect(onlyJob().outbox.at(-1)?.sentence).toMatch(/^pets v1 is ready: 90\.0% accuracy/);
  });

  it('removes the output and the checkpoints when the row says published, and nothing before', async () => {
    const { bucket, jobs, training, complete, onlyJob } = pipeline;
    training.end(complete());
    const { id } = onlyJob();
    const { prefix, checkpoints } = jobKeys(id);
    bucket.put(`${checkpoints}features-1/0.f32`, 'x');
    const left = () => bucket.keys().filter((key) => /output|checkpoints/.test(key));
    const { save } = jobs;
    const during: [string, number][] = [];
    jobs.save = async (job) => {
      await save(job);
      during.push([job.progress.state, left().length]);
    };
    await publish();

    expect(during).toEqual([
      ['trained', 3],
      ['published', 3],
    ]);
    expect(left()).toEqual([]);
    const kept = bucket.keys().filter((key) => key.startsWith(prefix));
    expect(kept.map((key) => key.split('/').at(-1)).sort()).toEqual([
      'channel.json',
      'manifest.jsonl',
      'recipe.json',
      'report.json',
    ]);
  });

  it('removes at the next look what a process that died has left', async () => {
    const { bucket, training, complete, state } = pipeline;
    training.end(complete());
    const { remove } = bucket.objects;
    bucket.objects.remove = () => Promise.reject(new Error('the process died'));
    await expect(publish()).rejects.toThrow('died');
    expect(state()).toBe('published');
    const before = students();

    bucket.objects.remove = remove;
    await pipeline.sweep();
    expect(bucket.keys().filter((key) => key.includes('/output/'))).toEqual([]);
    expect(students()).toEqual(before);
  });

  it.each(['failed', 'cancelled'])('keeps the output of a job that is %s', async (end) => {
    const { bucket, jobs, training, complete, onlyJob } = pipeline;
    training.end(complete('weightz')); // not those of the card
    if (end === 'cancelled') {
      await jobs.save(advance(onlyJob(), { type: 'cancel-requested' }, noon));
    }
    await publish();

    expect(onlyJob().progress.state).toBe(end);
    expect(bucket.keys().filter((key) => key.includes('/output/'))).toHaveLength(2);
  });

  it.each(['digest', 'copy'] as const)(
    'finds the work done if another publisher was faster, before its %s of a file',
    async (step) => {
      const { bucket, training, complete, state, onlyJob } = pipeline;
      training.end(complete());
      const slow: typeof bucket.objects = { ...bucket.objects };
      const original = slow[step].bind(bucket.objects) as (...words: string[]) => Promise<never>;
      let isOvertaken = false;
      slow[step] = async (...words: string[]) => {
        if (!isOvertaken) {
          isOvertaken = true;
          await publish(); // which removes the output that the slow one is about to read
        }
        return original(...words);
      };

      const seen = await publishStudent({ ...pipeline.ports, objects: slow }, onlyJob().id);

      expect(isOvertaken).toBe(true);
      expect(seen?.progress.state).toBe('published');
      expect(state()).toBe('published');
      expect(onlyJob().progress).toMatchObject({ number: 1 });
    },
  );

  it('does not publish files that differ from the card', async () => {
    const { training, complete, onlyJob } = pipeline;
    training.end(complete('weightz'));
    await publish();

    const what = 'model/weights.bin does not match student.json.';
    expect(onlyJob().progress).toMatchObject({ state: 'failed', code: 'OUTPUT_BROKEN', what });
    expect(students()).toEqual([]);
  });

  it.each([
    ['is missing', undefined, 'left no valid student.json'],
    ['is not a card', '{}', 'left no valid student.json'],
  ])('fails a job whose card %s', async (_, body, what) => {
    const { bucket, training, complete, onlyJob } = pipeline;
    training.end(complete());
    const key = bucket.keys().find((each) => each.endsWith('model/student.json')) ?? '';
    if (body === undefined) bucket.remove(key);
    else bucket.put(key, body);
    await publish();

    expect(onlyJob().progress).toMatchObject({
      code: 'OUTPUT_BROKEN',
      what: expect.stringContaining(what),
    });
  });

  it('fails a job whose card belongs to another job, or whose files are missing', async () => {
    const { bucket, training, complete, onlyJob } = pipeline;
    training.end(complete());
    const key = bucket.keys().find((each) => each.endsWith('model/student.json')) ?? '';
    const card = JSON.parse((await bucket.objects.readText(key)) ?? '');
    bucket.put(key, JSON.stringify({ ...card, jobId: 'f'.repeat(64) }));
    await publish();
    expect(onlyJob().progress).toMatchObject({
      what: expect.stringContaining('another job, ffffffffffffffff.'),
    });

    pipeline = await trainingPipeline();
    pipeline.training.end(pipeline.complete());
    pipeline.bucket.remove(
      pipeline.bucket.keys().find((each) => each.endsWith('weights.bin')) ?? '',
    );
    await publish();
    expect(pipeline.onlyJob().progress).toMatchObject({ what: 'model/weights.bin is missing.' });
  });

  it.each([0, 1, 2, 3])('finishes a publication that died at write %i', async (fatal) => {
    const { bucket, training, complete, state } = pipeline;
    training.end(complete());
    const { copy, writeIf } = bucket.objects;
    let writes = 0;
    const mortal =
      <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
      async (...args: A) => {
        if (writes++ === fatal) throw new Error('the process died');
        return call(...args);
      };
    Object.assign(bucket.objects, { copy: mortal(copy), writeIf: mortal(writeIf) });
    await expect(publish()).rejects.toThrow('died');
    await publish();

    expect(state()).toBe('published');
    const list = JSON.parse((await bucket.objects.readText(versionsKey('pets'))) ?? '');
    expect(list.versions).toHaveLength(1);
  });
});

describe('latest.json', () => {
  it('stays at the student of a newer upload', async () => {
    const { bucket, training, complete, state } = pipeline;
    const newer = { schema: 1, version: 'v', jobId: 'j', uploadedAt: '2027-01-01T00:00:00.000Z' };
    bucket.put(latestKey('pets'), JSON.stringify(newer));
    training.end(complete());
    await publish();

    expect(state()).toBe('published');
    expect(JSON.parse((await bucket.objects.readText(latestKey('pets'))) ?? '')).toEqual(newer);
  });

  it.each([
    ['before', '2026-11-24T11:59:59.999Z', true],
    ['after', '2026-11-24T12:00:00.001Z', false],
  ])(
    'goes to the later of two uploads of one second: the other job was created %s',
    async (_, createdAt, moves) => {
      const { bucket, training, complete, onlyJob } = pipeline;
      const { uploadedAt } = onlyJob();
      const other = { schema: 1, version: 'v', jobId: 'j', uploadedAt, createdAt };
      bucket.put(latestKey('pets'), JSON.stringify(other));
      training.end(complete());
      await publish();

      const latest = JSON.parse((await bucket.objects.readText(latestKey('pets'))) ?? '');
      expect(latest.jobId).toBe(moves ? onlyJob().id : 'j');
    },
  );

  it('is written again when it vanishes while it is being moved', async () => {
    const { bucket, training, complete, onlyJob } = pipeline;
    const older = { schema: 1, version: 'v', jobId: 'j', uploadedAt: '2020-01-01T00:00:00.000Z' };
    bucket.put(latestKey('pets'), JSON.stringify(older));
    const { readTextAndEtag, readText, head } = bucket.objects;
    const thenVanishes =
      <R>(call: (key: string) => Promise<R>) =>
      async (key: string) => {
        const answer = await call(key);
        if (key === latestKey('pets')) bucket.remove(key);
        return answer;
      };
    Object.assign(bucket.objects, {
      readTextAndEtag: thenVanishes(readTextAndEtag),
      readText: thenVanishes(readText),
      head: thenVanishes(head),
    });
    training.end(complete());
    await publish();
    Object.assign(bucket.objects, { readText });

    const latest = JSON.parse((await bucket.objects.readText(latestKey('pets'))) ?? '');
    expect(latest.jobId).toBe(onlyJob().id);
  });

  it('gives up when others change it in every try', async () => {
    const { bucket, training, complete } = pipeline;
    training.end(complete());
    const { writeIf } = bucket.objects;
    bucket.objects.writeIf = async (key, ...rest) =>
      key === latestKey('pets') ? false : writeIf(key, ...rest);

    await expect(publish()).rejects.toThrow('changed by others in each of 10 tries');
  });
});
