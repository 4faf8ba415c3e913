import { describe, expect, it } from 'vitest';
import { handledUploadsKey } from '#core/keys.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { findUnhandledUploads } from '#lambdas/sweep-jobs/handled-uploads.ts';
import { sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import type { Jobs, Objects } from '#ports';
import { noon, pipelineInMemory } from '../pipeline-in-memory.ts';

const afterNoon = (seconds: number) => new Date(noon.getTime() + seconds * 1000);

/** The uploads that a sweep so many seconds after noon finds unhandled. */
async function findAt(
  seconds: number,
  objects: Objects,
  handle: (key: string) => boolean = () => true,
  jobs = { table: 'jobs' },
): Promise<string[]> {
  const found: string[] = [];
  await findUnhandledUploads({ objects, jobs, now: () => afterNoon(seconds) }, async (key) => {
    found.push(key);
    return handle(key);
  });
  return found;
}

describe('findUnhandledUploads', () => {
  it('finds archives, stray files and sealed folders once', async () => {
    const { objects, put } = memoryObjects();
    put('datasets/pets.zip', 'zip');
    put('datasets/pets.json', '{}');
    put('datasets/notes.txt', 'text');
    put('datasets/birds/a/1.png', 'png');
    put('datasets/birds/_READY', '');
    put('datasets/unsealed/a/1.png', 'png');

    expect(await findAt(60, objects)).toEqual([
      'datasets/notes.txt',
      'datasets/pets.zip',
      'datasets/birds/_READY',
    ]);
    expect(await findAt(120, objects)).toEqual([]);
  });

  it('finds an archive and a folder again when they are uploaded again under the same name', async () => {
    const { objects, put } = memoryObjects();
    put('datasets/pets.zip', 'zip');
    put('datasets/birds/_READY', '');
    await findAt(60, objects);

    put('datasets/pets.zip', 'zip', afterNoon(61)); // the same bytes, with another recipe before them
    put('datasets/birds/_READY', '', afterNoon(61));
    expect(await findAt(120, objects)).toEqual(['datasets/pets.zip', 'datasets/birds/_READY']);
  });

  it('finds a folder that is sealed after a sweep has seen it', async () => {
    const { objects, put } = memoryObjects();
    put('datasets/birds/a/1.png', 'png');
    expect(await findAt(60, objects)).toEqual([]);

    put('datasets/birds/_READY', '');
    expect(await findAt(61, objects)).toEqual(['datasets/birds/_READY']);
  });

  it('finds an upload again that could not be handled, or is so new that a second one could have its date', async () => {
    const { objects, put } = memoryObjects();
    put('datasets/pets.zip', 'zip');

    expect(await findAt(1, objects)).toHaveLength(1);
    expect(await findAt(60, objects, () => false)).toHaveLength(1);
    expect(await findAt(61, objects)).toHaveLength(1);
    expect(await findAt(62, objects)).toEqual([]);
  });

  it.each([undefined, '', 'no JSON', '[]', '{"datasets/pets.zip": 1}'])(
    'finds everything when its memory is lost or damaged: %j',
    async (memory) => {
      const { objects, put, remove } = memoryObjects();
      put('datasets/pets.zip', 'zip');
      await findAt(60, objects);
      if (memory === undefined) remove(handledUploadsKey('jobs'));
      else put(handledUploadsKey('jobs'), memory);

      expect(await findAt(61, objects)).toEqual(['datasets/pets.zip']);
      expect(await findAt(62, objects)).toEqual([]);
    },
  );

  it('finds everything for another job table', async () => {
    const { objects, put } = memoryObjects();
    put('datasets/pets.zip', 'zip');
    await findAt(60, objects);

    expect(await findAt(61, objects, () => true, { table: 'new' })).toEqual(['datasets/pets.zip']);
    expect(await findAt(62, objects)).toEqual([]);
  });

  it('forgets uploads that are gone, and writes nothing when nothing has changed', async () => {
    const { objects, put, remove } = memoryObjects();
    put('datasets/pets.zip', 'zip');
    put('datasets/birds/_READY', '');
    await findAt(60, objects);
    remove('datasets/pets.zip');
    await findAt(61, objects);
    expect(
      Object.keys(JSON.parse((await objects.readText(handledUploadsKey('jobs'))) ?? '')),
    ).toEqual(['datasets/birds/_READY']);

    objects.write = () => Promise.reject(new Error('written'));
    await findAt(62, objects);
  });

  it('looks at ten of many folders in each sweep, and so finds any that is sealed again', async () => {
    const { objects, put } = memoryObjects();
    for (let i = 0; i < 40; i++) put(`datasets/folder-${i}/_READY`, '');
    await findAt(60, objects);
    put('datasets/folder-7/_READY', '', afterNoon(61));

    let heads = 0;
    let sweeps = 0;
    const { head } = objects;
    objects.head = (key) => {
      heads++;
      return head(key);
    };
    for (let found: string[] = []; found.length === 0; sweeps++) found = await findAt(120, objects);
    expect(heads).toBe(10 * sweeps);
  });
});

describe('a sweep over 1,000 published archives and a folder of 50,000 objects', () => {
  it('takes at most 20 requests and 50 ms of CPU time', async () => {
    const { ports, bucket, jobs } = await pipelineInMemory();
    for (let i = 0; i < 1_000; i++) bucket.put(`datasets/archive-${i}.rar`, `${i}`); // rejected at once
    for (let i = 0; i < 50_000; i++) bucket.put(`datasets/pets/cat/many-${i}.txt`, 'x');
    ports.now = () => afterNoon(60);
    await sweepJobs(ports);
    expect(jobs.all()).toHaveLength(1_001);
    for (let i = 0; i < 3; i++) await sweepJobs(ports, 3600); // announces the rejections

    const requests = { count: 0 };
    const counted = {
      ...ports,
      objects: counting(ports.objects, requests),
      jobs: counting(ports.jobs, requests),
    };
    const milliseconds: number[] = [];
    for (let i = 0; i < 5; i++) {
      requests.count = 0;
      const before = process.cpuUsage();
      await sweepJobs(counted);
      const { user, system } = process.cpuUsage(before); // µs
      milliseconds.push((user + system) / 1000);
      expect(requests.count).toBeLessThanOrEqual(20);
    }
    expect(Math.min(...milliseconds)).toBeLessThan(50);
  }, 60_000);
});

const MAX_PAGE = 1_000; // entries of a listing per request

/** The port, with every request counted: a listing needs one per page. */
function counting<Port extends Objects | Jobs>(port: Port, requests: { count: number }): Port {
  const wrapped = Object.entries(port).map(([name, call]) => {
    if (typeof call !== 'function') return [name, call];
    if (name === 'list') {
      return [
        name,
        async function* (prefix: string) {
          let entries = 0;
          for await (const each of call(prefix)) {
            if (entries++ % MAX_PAGE === 0) requests.count++;
            yield each;
          }
        },
      ];
    }
    return [
      name,
      async (...args: unknown[]) => {
        const answer = await call(...args);
        const entries = name === 'listTopLevel' ? answer.objects.length + answer.folders.length : 1;
        requests.count += Math.max(1, Math.ceil(entries / MAX_PAGE));
        return answer;
      },
    ];
  });
  return Object.fromEntries(wrapped);
}
