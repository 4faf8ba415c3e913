import { Announcement } from '#core/announcement.ts';
import {
  ANNOUNCEMENTS,
  ROWS_WITH_ANNOUNCEMENTS,
  STAGES,
  type StageName,
  TRAININGS,
  UPLOADS,
  VALIDATED_ROWS,
} from '#core/wiring.ts';
import type { BusEvent, LocalBus } from './events/bus.ts';
import { invoke, type Lambda, type LambdaHandler } from './events/invoke.ts';
import { localQueue } from './events/queue.ts';
import { rateSchedule } from './events/schedule.ts';
import { type StreamMapping, streamMapping } from './events/stream.ts';
import {
  BUCKET,
  BUS,
  DEFAULT_MINUTES,
  JOB_TABLE,
  LOCAL_CREDENTIALS,
  TRAINING_IMAGE,
  TRAINING_ROLE,
} from './names.ts';
import type { LocalS3 } from './s3/server.ts';
import { shownAnnouncements } from './shown-announcements.ts';

export interface StageOptions {
  endpoint: string;
  s3: LocalS3;
  bus: LocalBus;
  streams: StreamMapping[]; // fed by the table; the stages add their own
  /** Runs before each launch and each sweep. */
  beforeLaunches: () => Promise<void>;
  trainingsAtOnce: number;
  sweepEverySeconds: number;
  loseEvents: boolean;
  /** The file of the announcements that were shown. */
  announced: string;
  onAnnouncement: (announcement: Announcement) => void;
  onError: (error: unknown, where: string) => void;
}

/** On one machine there is no reason to wait for deadlines: each sweep looks at every open job. */
const SWEEP_AHEAD_SECONDS = 24 * 60 * 60;

/**
 * Connects the stages as infra/pipeline-stack.ts does: the same handlers, patterns, batches and retries.
 *
 * @returns stops them: it waits for running invocations and drops waiting events; the next start's sweep makes up for those
 */
export async function connectStages(options: StageOptions): Promise<() => Promise<void>> {
  const { bus, s3, streams, onError, loseEvents } = options;
  const faults = { drop: loseEvents };
  setEnvironment(options);

  // 1. dataset → validate-dataset
  const validate = await lambda('validate-dataset', import('#lambdas/validate-dataset/handler.ts'));
  const uploads = localQueue({
    name: 'uploads',
    lambda: validate,
    ...delivery('validate-dataset'),
    onError,
  });
  if (!loseEvents) bus.putRule({ name: 'uploads', pattern: UPLOADS }, [uploads]);
  s3.onObjectCreated((event) => void bus.publish(event));

  // 2. validated row → launch-training
  const launch = await lambda('launch-training', import('#lambdas/launch-training/handler.ts'));
  const launches = streamMapping({
    lambda: after(options.beforeLaunches, launch),
    filters: [VALIDATED_ROWS],
    ...delivery('launch-training'),
    faults,
    onError,
  });

  // 3. training job → publish-student
  const publish = await lambda('publish-student', import('#lambdas/publish-student/handler.ts'));
  const trainings = localQueue({
    name: 'trainings',
    lambda: publish,
    ...delivery('publish-student'),
    onError,
  });
  if (!loseEvents) bus.putRule({ name: 'trainings', pattern: TRAININGS }, [trainings]);

  // 4. row with announcements → announce-job → the bus → the terminal
  const announce = await lambda('announce-job', import('#lambdas/announce-job/handler.ts'));
  const announcements = streamMapping({
    lambda: announce,
    filters: [ROWS_WITH_ANNOUNCEMENTS],
    ...delivery('announce-job'),
    faults,
    onError,
  });
  const isNew = shownAnnouncements(options.announced);
  const notify = async ({ detail }: BusEvent) => {
    const announcement = Announcement.parse(detail);
    if (await isNew(announcement.id)) options.onAnnouncement(announcement);
  };
  bus.putRule({ name: 'announcements', bus: BUS, pattern: ANNOUNCEMENTS }, [{ send: notify }]);
  streams.push(launches, announcements);

  // 5. everything that no event has moved → sweep-jobs
  const sweep = after(
    options.beforeLaunches,
    await lambda('sweep-jobs', import('#lambdas/sweep-jobs/handler.ts')),
  );
  const run = () => invoke(sweep, {});
  const sweeps = rateSchedule({
    name: 'sweeps',
    everySeconds: options.sweepEverySeconds,
    run,
    onError,
  });
  void sweeps.trigger(); // for the jobs that were in progress when this machine last stopped

  return async () => {
    await Promise.all(
      [sweeps, uploads, trainings, launches, announcements].map((each) => each.stop()),
    );
  };
}

/** A folder that is copied into the bucket without a seal: chosen, as long as a person waits beside a laptop. */
const QUIET_SECONDS = 3;

/** As on AWS, the handlers read these when they are imported. */
function setEnvironment({ endpoint, trainingsAtOnce }: StageOptions): void {
  const { region, credentials } = LOCAL_CREDENTIALS;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    BUCKET,
    JOB_TABLE,
    TRAINING_IMAGE,
    TRAINING_ROLE,
    INSTANCE_TYPES: 'ml.local.cpu',
    SPOT: 'false',
    DEFAULT_MINUTES: String(DEFAULT_MINUTES),
    MAX_CONCURRENT_JOBS: String(trainingsAtOnce),
    ANNOUNCEMENT_BUS: BUS,
    SWEEP_AHEAD_SECONDS: String(SWEEP_AHEAD_SECONDS),
    QUIET_SECONDS: String(QUIET_SECONDS),
    POWERTOOLS_LOG_LEVEL: 'ERROR', // the terminal shows the steps of each job already
  });
}

/** Batches and retries of a stage, as on AWS. */
export function delivery<Stage extends StageName>(
  stage: Stage,
): Omit<(typeof STAGES)[Stage], 'timeoutSeconds'> {
  const { timeoutSeconds: _, ...rest } = STAGES[stage];
  return rest;
}

async function lambda(
  name: StageName,
  module: Promise<{ handler: (...parameters: never[]) => unknown }>,
): Promise<Lambda> {
  const { handler } = await module;
  return { name, handler: handler as LambdaHandler, timeoutSeconds: STAGES[name].timeoutSeconds };
}

/** Prepares each invocation. The first import of a teacher takes longer than a launch may on AWS, so it has its own time. */
function after(
  prepare: () => Promise<void>,
  { name, handler, timeoutSeconds = 3 }: Lambda,
): Lambda {
  const prepared: LambdaHandler = async (event, context) => {
    await prepare();
    return handler(event, context);
  };
  return { name, handler: prepared, timeoutSeconds: timeoutSeconds + 600 };
}
