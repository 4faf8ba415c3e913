import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describe, expect, it, onTestFinished } from 'vitest';
import { killGroup } from '#local/sagemaker/process-identity.ts';
import { localSageMaker } from '#local/sagemaker/sagemaker.ts';
import { IMAGES } from './images.ts';
import {
  BUCKET,
  channel,
  isRunning,
  type RunningS3,
  runningS3,
  runningSageMaker,
  talkTo,
  temporaryFolder,
  until,
} from './running-sagemaker.ts';

const CheckpointConfig = { S3Uri: `s3://${BUCKET}/checkpoints/` };
const countTo = (to: number) => ({ HyperParameters: { to: String(to) }, CheckpointConfig });

/** A local SageMaker in a process of its own. */
async function sageMakerProcess(folder: string, s3: RunningS3, checkpointSyncSeconds = 0.05) {
  const script = join(import.meta.dirname, 'server-process.ts');
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', script, folder, s3.endpoint, String(checkpointSyncSeconds)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
    for (const leader of leadersIn(folder)) killGroup(leader); // of a test that failed
  });
  if (!child.stdout) throw new Error('the server has no stdout');
  const [endpoint] = await once(createInterface(child.stdout), 'line');
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const client = new SageMakerClient({ endpoint, region: 'us-east-1', credentials });
  return {
    ...talkTo(client),
    child,
    async kill() {
      client.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** The first process that each job's record tells of. */
const leadersIn = (folder: string): number[] =>
  readdirSync(join(folder, 'jobs')).flatMap((job) => {
    const { processes } = JSON.parse(
      readFileSync(join(folder, 'jobs', job, 'record.json'), 'utf8'),
    );
    return processes[0]?.pid ?? [];
  });

const logOf = (folder: string, job: string): string[] => {
  const path = join(folder, 'jobs', job, 'log.txt');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
};

/** Waits for a line in a job's log that begins like this, and gives its last word: the trainer's number. */
const numberIn = (folder: string, job: string, beginning: string): Promise<number> =>
  until(() => {
    const line = logOf(folder, job).find((text) => text.startsWith(beginning));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }, `a line "${beginning}…"`);

/** Starts a trainer as `startTrainer` does, and prints the number of its group. */
const STARTS_A_TRAINER = `
  const supervisor = require('node:child_process').spawn(
    process.execPath,
    [${JSON.stringify(join(import.meta.dirname, '../../../local/sagemaker/supervisor.mjs'))}],
    { detached: true, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  supervisor.send({ start: { command: 'sleep', args: ['60'], cwd: '/', env: process.env } });
  console.log(supervisor.pid);
`;

/** Dead processes that nobody has asked after yet are passed over; `stat` has state and group as its 3rd and 5th field. */
const isGroupAlive = (leader: number): boolean =>
  readdirSync('/proc').some((entry) => {
    try {
      const stat = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/stat`, 'utf8') : '';
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(group) === leader && state !== 'Z';
    } catch {
      return false; // gone since
    }
  });

describe('a kill -9 of the local SageMaker', () => {
  it('leaves no trainer however early it comes', async () => {
    for (const delay of [0, 20, 40, 60, 80]) {
      const parent = spawn(process.execPath, ['-e', STARTS_A_TRAINER]);
      const [text] = await once(createInterface(parent.stdout), 'line');
      const leader = Number(text);
      await sleep(delay); // ms; a supervisor takes about 40 to start
      process.kill(leader, 'SIGSTOP'); // so that it meets its task and the end of its parent at once
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      process.kill(leader, 'SIGCONT');
      await until(() => !isGroupAlive(leader) || undefined, 'the group to end');
    }
  });

  it('ends the trainer and all it started at once, even one that ignores signals', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const { create, kill } = await sageMakerProcess(folder, s3);
    await create('stubborn', 'ignores-sigterm');
    await create('parent', 'has-a-child');
    const stubborn = await numberIn(folder, 'stubborn', 'up');
    const parent = await numberIn(folder, 'parent', 'parent');
    const child = await numberIn(folder, 'parent', 'child');
    expect([stubborn, parent, child].every(isRunning)).toBe(true);

    await kill();

    await until(
      () => ![stubborn, parent, child].some(isRunning) || undefined,
      'the processes to end',
    );
  });

  it('interrupts the job: the next start goes on from its checkpoint, under the same name', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await sageMakerProcess(folder, s3);
    await s3.put('d/a', 'A');
    await first.create('resumes', 'counts', {
      ...countTo(60),
      InputDataConfig: [channel('train', `s3://${BUCKET}/d/`)],
    });
    await numberIn(folder, 'resumes', 'step 20');
    await first.kill();

    const second = await runningSageMaker({ s3: s3.client, folder });
    const job = await second.ended('resumes');

    expect(job.TrainingJobStatus).toBe('Completed');
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
      'Starting',
      'Downloading',
      'Training',
      'Interrupted',
      'Starting',
      'Downloading',
      'Training',
      'Uploading',
      'Completed',
    ]);
    expect(second.heard('resumes').slice(0, 2)).toEqual([
      'InProgress Interrupted',
      'InProgress Starting',
    ]);
    const { step, begins } = JSON.parse(await s3.get('out/resumes/output/model/count.json'));
    expect(step).toBe(60);
    expect(begins).toHaveLength(2);
    expect(begins[1]).toBeGreaterThanOrEqual(20);
    expect(job.BillableTimeInSeconds).toBeGreaterThanOrEqual(1); // both lives
    const begun = logOf(folder, 'resumes').filter((line) => line.startsWith('from'));
    expect(begun).toHaveLength(2); // one log for all lives
  });

  it('can come at any time: after eight kills at random moments the job completes all the same', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    let random = 12345; // the same moments in every run
    const next = () => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return random / 2 ** 32;
    };
    const stepsOf = (job: string) =>
      logOf(folder, job).filter((line) => line.startsWith('step')).length;
    const { create, kill } = await sageMakerProcess(folder, s3);
    await create('often', 'counts', countTo(250));
    await sleep(next() * 900);
    await kill();
    for (let i = 0; i < 7; i += 1) {
      const before = stepsOf('often');
      const again = await sageMakerProcess(folder, s3);
      if (i % 2 === 0) await sleep(next() * 900);
      else await until(() => stepsOf('often') > before || undefined, 'another step'); // however slow the machine is
      await again.kill();
    }

    const last = await runningSageMaker({ s3: s3.client, folder });
    const job = await last.ended('often');

    expect(job.TrainingJobStatus).toBe('Completed');
    const { step, begins } = JSON.parse(await s3.get('out/often/output/model/count.json'));
    expect(step).toBe(250);
    expect(begins.length).toBeGreaterThan(3);
    expect(begins).toEqual([...begins].sort((one: number, other: number) => one - other));
    expect(await s3.keys('checkpoints/')).toEqual(['checkpoints/count.json']);
    await last.sageMaker.idle();
    expect(existsSync(join(folder, 'jobs', 'often', 'ml'))).toBe(false);
    const begun = logOf(folder, 'often').filter((line) => line.startsWith('from'));
    expect(begun.map((line) => Number(line.split(' ').at(-1))).filter(isRunning)).toEqual([]);
  }, 120_000);

  it('leaves a job that was being stopped to the next start, which ends it and keeps its work', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await sageMakerProcess(folder, s3, 600);
    await first.create('stopping', 'leaves-a-model-and-stays', countTo(0));
    await numberIn(folder, 'stopping', 'up');
    await first.stopJob('stopping');
    await first.kill();

    const second = await runningSageMaker({ s3: s3.client, folder });
    const job = await second.ended('stopping');

    expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(['Stopped', 'Stopped']);
    expect(second.heard('stopping')).toEqual(['Stopped Stopped']);
    expect(job.ModelArtifacts?.S3ModelArtifacts).toBe(`s3://${BUCKET}/out/stopping/output/model/`);
    expect(await s3.get('out/stopping/output/model/half')).toBe('half');
    expect(await s3.get('checkpoints/mine')).toBe('mine');
  });

  it('does not give a job its time anew', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await sageMakerProcess(folder, s3);
    await first.create('limited', 'counts', {
      ...countTo(100_000),
      StoppingCondition: { MaxRuntimeInSeconds: 10 },
    });
    await numberIn(folder, 'limited', 'step 350'); // 7 s at least
    await first.kill();

    const second = await runningSageMaker({ s3: s3.client, folder });
    const job = await second.ended('limited');

    expect(job.SecondaryStatus).toBe('MaxRuntimeExceeded');
    expect(job.BillableTimeInSeconds).toBeGreaterThanOrEqual(10);
    const began = job.SecondaryStatusTransitions?.findLast(
      ({ Status }) => Status === 'Downloading',
    );
    const secondLife = Number(job.TrainingEndTime) - Number(began?.StartTime);
    expect(secondLife).toBeLessThan(8_500); // ms: the rest of the time, not all of it, also on a busy machine
  }, 120_000);

  it('ends a job whose time was over, without beginning anew', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await sageMakerProcess(folder, s3);
    await first.create('over', 'leaves-a-model-and-stays', countTo(0));
    await numberIn(folder, 'over', 'up');
    await first.kill();
    const path = join(folder, 'jobs', 'over', 'record.json');
    const record = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...record, ranSeconds: 601 }));

    const second = await runningSageMaker({ s3: s3.client, folder });
    await second.ended('over');

    expect(second.heard('over')).toEqual([
      'InProgress Interrupted',
      'InProgress Starting',
      'Stopping Stopping',
      'Stopped MaxRuntimeExceeded',
    ]);
    expect(await s3.get('out/over/output/model/half')).toBe('half');
  });

  it('kills a trainer that is alive none the less before it starts another', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await sageMakerProcess(folder, s3);
    await first.create('orphan', 'ignores-sigterm');
    const pid = await numberIn(folder, 'orphan', 'up');
    const recorded = await until(() => {
      const { processes } = JSON.parse(
        readFileSync(join(folder, 'jobs', 'orphan', 'record.json'), 'utf8'),
      );
      return processes.length === 2 ? (processes as { pid: number }[]) : undefined;
    }, 'both processes in the record');
    expect(recorded[1]?.pid).toBe(pid);
    process.kill(recorded[0]?.pid ?? 0, 'SIGSTOP'); // the supervisor can do nothing any more
    await first.kill();
    await sleep(100);
    expect(isRunning(pid)).toBe(true);

    const second = await runningSageMaker({ s3: s3.client, folder, stopGraceSeconds: 0.1 });

    expect(isRunning(pid)).toBe(false);
    await until(() => second.lines.length > 0 || undefined, 'the next trainer');
    expect(second.lines[0]).not.toBe(`up ${pid}`);
  });

  it('never kills a process that only has the number of an earlier trainer', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await sageMakerProcess(folder, s3);
    await first.create('reused', 'counts', countTo(60));
    await numberIn(folder, 'reused', 'step 1');
    await first.kill();
    const bystander = spawn('sleep', ['60'], { detached: true });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    const path = join(folder, 'jobs', 'reused', 'record.json');
    const record = JSON.parse(readFileSync(path, 'utf8'));
    record.processes = [{ ...record.processes[0], pid: bystander.pid }];
    writeFileSync(path, JSON.stringify(record));

    const second = await runningSageMaker({ s3: s3.client, folder });

    expect((await second.ended('reused')).TrainingJobStatus).toBe('Completed');
    expect(isRunning(bystander.pid ?? 0)).toBe(true);
  });
});

describe('closing the local SageMaker', () => {
  it('lets trainers write their checkpoint, and the next one goes on from there', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await runningSageMaker({ s3: s3.client, folder, checkpointSyncSeconds: 600 });
    await first.create('goes-on', 'counts', countTo(40));
    await until(() => first.lines.includes('step 10') || undefined, 'step 10');

    await first.stop();

    expect(first.sageMaker.running()).toEqual([]);
    expect(JSON.parse(await s3.get('checkpoints/count.json')).step).toBeGreaterThanOrEqual(10);
    const second = await runningSageMaker({ s3: s3.client, folder });
    expect((await second.ended('goes-on')).TrainingJobStatus).toBe('Completed');
    const { begins } = JSON.parse(await s3.get('out/goes-on/output/model/count.json'));
    expect(begins[1]).toBeGreaterThanOrEqual(10);
  });

  it('keeps what was known of ended jobs', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    const first = await runningSageMaker({ s3: s3.client, folder });
    await first.create('known', 'fails');
    const before = await first.ended('known');
    await first.stop();

    const second = await runningSageMaker({ s3: s3.client, folder });

    const { $metadata: _, ...after } = await second.describe('known');
    expect(before).toMatchObject(after);
    expect(second.events).toEqual([]);
    await expect(second.create('known', 'fails')).rejects.toMatchObject({ name: 'ResourceInUse' });
  });
});

describe('the folder', () => {
  it('belongs to one process at a time, and says so in a sentence', async () => {
    const s3 = await runningS3();
    const { folder, stop } = await runningSageMaker({ s3: s3.client });
    const open = () => runningSageMaker({ s3: s3.client, folder });

    await expect(open()).rejects.toThrow(
      `the local SageMaker in ${folder} is in use by process ${process.pid}: stop that one first`,
    );
    await stop();
    await open();
  });

  it('says which record is damaged, and what to do', async () => {
    const s3 = await runningS3();
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'jobs', 'bad'), { recursive: true });
    mkdirSync(join(folder, 'jobs', 'half-made')); // a kill before the record was written
    writeFileSync(join(folder, 'jobs', 'bad', 'record.json'), '{"schema":1');
    const options = {
      folder,
      s3: s3.client,
      images: IMAGES,
      maxConcurrentJobs: 1,
      publish: () => undefined,
    };

    await expect(localSageMaker(options)).rejects.toThrow(
      `${join(folder, 'jobs', 'bad', 'record.json')} cannot be read. Move its folder away to start the local SageMaker without this job.`,
    );
    await expect(localSageMaker(options)).rejects.toThrow('cannot be read'); // it is not "in use" now
    expect(existsSync(join(folder, 'jobs', 'half-made'))).toBe(false);
  });
});

describe('checkpoints', () => {
  it('are there for the trainer when S3 has some, and follow what it does: new, changed, deleted, unfinished', async () => {
    const s3 = await runningS3();
    await s3.put('checkpoints/old/a', 'from S3');
    await s3.put('checkpoints/stays', 'stays');
    await s3.put('checkpoints-of-another', 'no');
    const { create, ended, lines } = await runningSageMaker({ s3: s3.client });

    await create('copies', 'changes-checkpoints', { CheckpointConfig });
    await until(() => lines.includes('written') || undefined, 'the trainer to write');
    await until(
      async () => (await s3.keys('checkpoints/')).includes('checkpoints/new/b') || undefined,
      'the copy, while the trainer runs',
    );
    const job = await ended('copies');

    expect(job.TrainingJobStatus).toBe('Completed');
    expect(lines).toContain('found ["old/a","stays"]');
    expect(await s3.keys('checkpoints')).toEqual([
      'checkpoints-of-another',
      'checkpoints/last',
      'checkpoints/new/b',
      'checkpoints/stays',
    ]);
    expect(await s3.get('checkpoints/new/b')).toBe('second');
    expect(await s3.get('checkpoints/last')).toBe('');
  });
});
