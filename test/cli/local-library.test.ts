import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTo } from '#cli/connect.ts';
import { localJobs, localLibrary } from '#cli/local-library.ts';
import { advance, type Job, receive } from '#core/job.ts';
import { identify } from '#local/sagemaker/process-identity.ts';
import { startPipeline } from '#local/start-pipeline.ts';
import { removeHolder, writeHolder } from '#local/state-folder.ts';
import { anUpload, noon } from '#test/uploads.ts';

const noop = async () => undefined;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-library-'));
  vi.stubEnv('UNDERSTUDY_STATE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const aJob = (id: string, at: Date): Job => receive(anUpload({ id: id.padEnd(64, '0') }), at);

/** The storage of a pipeline in this process, known to others as a command's pipeline is. */
async function storage() {
  const self = identify(process.pid);
  if (!self) throw new Error('this process has no identity');
  const pipeline = await startPipeline({
    folder,
    port: 0,
    storageOnly: true,
    loseEvents: false,
    sweepEverySeconds: 5,
    report: () => undefined,
    onRow: () => undefined,
    onTrainingLine: () => undefined,
    onAnnouncement: () => undefined,
  });
  const { endpoint } = pipeline;
  const since = noon.toISOString();
  await writeHolder(folder, { process: self, command: 'up', since, endpoint });
  const stop = async () => {
    await removeHolder(folder);
    await pipeline.stop();
  };
  return { ...connectTo(endpoint), stop };
}

describe('what the commands read of the local pipeline', () => {
  it('is the same while it runs and after it has stopped', async () => {
    const { jobs, objects, stop } = await storage();
    const early = aJob('a', noon);
    const late = advance(
      aJob('b', new Date(noon.getTime() + 1)),
      { type: 'cancel-requested' },
      noon,
    );
    await jobs.save(early);
    await jobs.save(aJob('b', new Date(noon.getTime() + 1)));
    await jobs.save(late);
    await objects.write('students/pets/latest.json', '{"a": "ü"}', 'application/json');

    const read = async () => ({
      jobs: await (await localJobs()).allJobs(),
      text: await localLibrary().objects.readText('students/pets/latest.json'),
    });
    const running = await read();
    await stop();

    expect(running).toEqual({ jobs: [late, early], text: '{"a": "ü"}' });
    expect(await read()).toEqual(running);
  });

  it('is nothing where there is no pipeline yet, and no folder is made for it', async () => {
    vi.stubEnv('UNDERSTUDY_STATE', join(folder, 'none'));

    expect(await (await localJobs()).allJobs()).toEqual([]);
    expect(await localLibrary().objects.readText('students/pets/latest.json')).toBeUndefined();
    await expect(rm(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says in a sentence that a file is gone that was listed before', async () => {
    const read = async () => {
      for await (const _ of await localLibrary().read('students/pets/0a/card')) await noop();
    };

    await expect(read()).rejects.toMatchObject({
      name: 'CliError',
      exit: 6,
      message: expect.stringContaining('students/pets/0a/card was removed or replaced'),
    });
  });

  it('waits for a pipeline that holds the folder and does not answer yet', async () => {
    const { jobs, stop } = await storage();
    await jobs.save(aJob('a', noon));
    await removeHolder(folder); // it has not said its address

    const waited = localJobs();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await stop();

    expect(await (await waited).allJobs()).toHaveLength(1);
  });
});
