import sharp from 'sharp';
import type { Announcement } from '#core/announcement.ts';
import type { StudentCard } from '#core/card.ts';
import { sha256, studentVersion } from '#core/identity.ts';
import type { Job, TrainingObservation } from '#core/job.ts';
import { memoryJobs, memoryLog, memoryObjects } from '#examples/in-memory-ports.ts';
import { type SweepPorts, sweepJobs } from '#lambdas/sweep-jobs/sweep-jobs.ts';
import type { Training, TrainingRequest } from '#ports';

export const WEIGHTS = 'the weights of the teacher';
export const noon = new Date('2026-11-24T12:00:00.000Z');
export const HOUR = 3600; // seconds

/** Training jobs that run until the test ends them. */
function memoryTraining() {
  const started = new Map<
    string,
    { request: TrainingRequest; observation: TrainingObservation | undefined }
  >();
  const stopped: string[] = [];
  const port: Training = {
    async start(request) {
      const [instanceType = ''] = request.instanceTypes;
      const known = started.get(request.trainingJobName);
      if (!known) started.set(request.trainingJobName, { request, observation: undefined });
      return instanceType;
    },
    async describe(trainingJobName) {
      const { request, observation } = started.get(trainingJobName) ?? {};
      if (!request) return undefined;
      const [instanceType = ''] = request.instanceTypes;
      const running = { type: 'training-running', trainingJobName, instanceType } as const;
      const endedAt = observation && noon.toISOString();
      return {
        jobId: request.job.id,
        observation: observation ?? running,
        ...(endedAt && { endedAt }),
      };
    },
    async stop(name) {
      stopped.push(name);
    },
  };
  /** Ends every training job that still runs. */
  const end = (outcome: (jobId: string, trainingJobName: string) => TrainingObservation) => {
    for (const [name, each] of started) each.observation ??= outcome(each.request.job.id, name);
  };
  return { port, started, stopped, end };
}

export type PipelineInMemory = Awaited<ReturnType<typeof pipelineInMemory>>;

/** All ports of all stages, in memory, with one dataset that is uploaded and sealed. */
export async function pipelineInMemory() {
  const bucket = memoryObjects();
  const jobs = memoryJobs();
  const training = memoryTraining();
  const { log, recorded, failed } = memoryLog();
  const announced: Announcement[] = [];
  const ports: SweepPorts = {
    objects: bucket.objects,
    jobs,
    training: training.port,
    announcer: { announce: async (each) => void announced.push(each) },
    log,
    now: () => noon,
    spot: true,
    maxConcurrentJobs: 1,
    defaultMinutes: 60,
    teachersInImage: [],
    instanceTypes: ['ml.g4dn.xlarge', 'ml.g5.xlarge'],
    teachers: new Map([
      [
        'efficientnet-lite0',
        {
          name: 'efficientnet-lite0',
          blockOutputs: [],
          files: [{ name: 'model.json', bytes: WEIGHTS.length, sha256: sha256(WEIGHTS) }],
        },
      ],
    ]),
  };
  bucket.put('teachers/efficientnet-lite0/model.json', WEIGHTS);
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();

  function upload(name: string): void {
    for (const kind of ['cat', 'dog']) {
      for (let i = 0; i < 5; i++) {
        const image = Buffer.concat([png, Buffer.from(`${kind}${i}`)]);
        bucket.put(`datasets/${name}/${kind}/${i}.png`, image);
      }
    }
    bucket.put(`datasets/${name}/_READY`, '');
  }
  upload('pets');

  const onlyJob = (): Job => {
    const [job, ...others] = jobs.all();
    if (!job || others.length > 0) throw new Error(`expected one job, found ${jobs.all().length}`);
    return job;
  };
  /** Puts a trainer's output into the bucket, and completes the training job with it. */
  const complete =
    (weights = 'weights') =>
    (jobId: string, trainingJobName: string): TrainingObservation => {
      const prefix = `jobs/${jobId}/output/x/output/model/`;
      bucket.put(`${prefix}model/weights.bin`, weights);
      bucket.put(`${prefix}student.json`, JSON.stringify(cardOf(jobId)));
      return {
        type: 'training-completed',
        trainingJobName,
        artifacts: `s3://understudy/${prefix}`,
        instanceType: 'ml.g4dn.xlarge',
        billedSeconds: 90,
      };
    };

  return {
    bucket,
    jobs,
    training,
    announced,
    recorded,
    failed,
    ports,
    png,
    upload,
    onlyJob,
    complete,
    state: () => onlyJob().progress.state,
    states: () =>
      jobs
        .all()
        .map(({ progress }) => progress.state)
        .sort(),
    sweep: () => sweepJobs(ports, HOUR),
  };
}

const cardOf = (jobId: string): StudentCard => ({
  schema: 2,
  student: 'pets',
  version: studentVersion(jobId),
  jobId,
  createdAt: noon.toISOString(),
  classes: ['cat', 'dog'],
  input: { px: 224, range: '0-255', channels: 'RGB', resize: 'bilinear' },
  teacher: { name: 'efficientnet-lite0', licence: 'Apache-2.0', modelSha256: 'x' },
  freezePlan: {
    requested: 'auto',
    used: 'head-only',
    why: 'so',
    frozenParameters: 1,
    trainedParameters: 1,
  },
  data: {
    dataset: 'datasets/pets/',
    manifestSha256: 'x',
    contentSha256: 'x',
    perClass: [],
    warnings: [],
  },
  metrics: {
    test: {
      method: 'hold-out',
      n: 10,
      correct: 9,
      accuracy: 0.9,
      interval95: [0.6, 0.98],
      balancedAccuracy: { value: 0.9, interval95: [0.6, 0.98] },
      macroF1: { value: 0.9, interval95: [0.6, 0.98] },
    },
    validation: {
      n: 10,
      accuracy: 0.9,
      crossEntropy: 0.3,
      headOnly: { accuracy: 0.9, crossEntropy: 0.3 },
    },
    calibration: {
      temperature: 1,
      why: 'so',
      before: { ece: 0.1, nll: 0.3 },
      after: { ece: 0.1, nll: 0.3 },
    },
    majorityBaseline: 0.5,
    perClass: [],
    confusion: [],
  },
  refit: false,
  head: {
    examples: 8,
    iterations: 1,
    l2: 1,
    labelSmoothing: 0,
    classWeights: [1, 1],
    trainCrossEntropy: 0,
  },
  timings: {},
  environment: { understudy: '0', tensorflow: '0', node: '0', device: 'CPU' },
  files: [{ path: 'model/weights.bin', bytes: 7, sha256: sha256('weights') }],
});
