import { parseArgs } from 'node:util';
import { unwritable } from '#core/unwritable.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { SetupFailure } from '#engine/tensorflow/setup-failure.ts';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
import { TeacherRefused } from '#teachers/teacher-refused.ts';
import { whyUnwritable } from './disk-space.ts';
import { FolderInUse } from './dynamodb/folder-in-use.ts';
import { escapeLinesForTerminal } from './escape-for-terminal.ts';
import { stateFolder } from './find-state-folder.ts';
import { PortTaken } from './http-server.ts';
import { BUCKET, LOCAL_CREDENTIALS } from './names.ts';
import { DEFAULT_PORT, parsePort } from './port.ts';
import { identify } from './sagemaker/process-identity.ts';
import { type Pipeline, type PipelineOptions, startPipeline } from './start-pipeline.ts';
import {
  EXIT_FOLDER_IN_USE,
  EXIT_UNWRITABLE,
  type Holder,
  removeHolder,
  writeHolder,
} from './state-folder.ts';
import { terminal } from './terminal.ts';

// The pipeline of this machine as a program, which the understudy command starts.
// Exit codes: 0 stopped, 1 failed, 2 usage error, 74 the folder cannot be written, 75 another process holds the folder, 128 + n: ended by signal n at start.

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'; // it warns about Node 20, which it supports
const info = (line: string) => process.stderr.write(`${escapeLinesForTerminal(line)}\n`);
const folder = stateFolder();
const isStartedByCommand = process.send !== undefined;
const STOP_TIMEOUT_MS = 60_000; // chosen: a trainer saves its state within 30 seconds
let pipeline: Pipeline | undefined;
let isEnding = false;

class UsageError extends Error {}

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined); // the terminal was closed
process.on('SIGINT', () => end(130));
process.on('SIGTERM', () => end(143));
process.on('SIGHUP', () => end(129));
process.on('disconnect', () => end(0)); // the command that started it is gone
if (isStartedByCommand && !process.connected) end(0); // it was gone before this line

try {
  await start(settings());
} catch (error) {
  // The command that started this program waits and tries again; only otherwise is there something to say.
  if (error instanceof FolderInUse)
    fail(isStartedByCommand ? undefined : error.message, EXIT_FOLDER_IN_USE);
  else if (isSentence(error)) fail(error.message, isUsage(error) ? 2 : 1);
  else if (isInsufficientStorage(error)) fail((error as Error).message, EXIT_UNWRITABLE);
  else if (unwritable(error)) fail(whyUnwritable(error, folder), EXIT_UNWRITABLE);
  else throw error;
}

function settings() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      quiet: { type: 'boolean', default: false }, // another command prints the messages
      for: { type: 'string' }, // the command that started it, as typed
      'storage-only': { type: 'boolean', default: false },
      'lose-events': { type: 'boolean', default: false },
      'sweep-every-seconds': { type: 'string', default: '5' },
    },
  });
  const port = values.port === undefined ? undefined : parsePort(values.port);
  if (typeof port === 'string') throw new UsageError(port);
  return { ...values, port, sweepEverySeconds: Number(values['sweep-every-seconds']) };
}

async function start({ quiet, port, sweepEverySeconds, ...values }: ReturnType<typeof settings>) {
  const storageOnly = values['storage-only'];
  if (!storageOnly) await ensureTensorflow(info);
  const shown = terminal(quiet ? () => undefined : info);
  const holder = holderFor(values.for);
  const running = await upOnSomePort(port, {
    folder,
    storageOnly,
    loseEvents: values['lose-events'],
    sweepEverySeconds,
    async onHeld() {
      await writeHolder(folder, holder);
      return () => removeHolder(folder);
    },
    report: info,
    onRow: shown.row,
    onTrainingLine: shown.trainingLine,
    onAnnouncement: shown.announcement,
  });
  const { endpoint } = running;
  await writeHolder(folder, { ...holder, endpoint });
  pipeline = running;
  if (process.connected) process.send?.({ ready: endpoint }, () => undefined); // an error: see `disconnect`
  if (!quiet) welcome(endpoint);
}

/** Who holds the folder, for the messages of other commands. */
function holderFor(command: string | undefined): Holder {
  const self = identify(process.pid);
  if (!self) throw new Error('the system does not say when this process began');
  const startedBy = isStartedByCommand ? identify(process.ppid) : undefined;
  return {
    process: self,
    ...(startedBy && { startedBy }),
    command: command ?? 'up',
    since: new Date().toISOString(),
  };
}

/** Uses the default port, so that a line in the shell's history keeps working, or any other if that one is taken. */
async function upOnSomePort(port: number | undefined, options: Omit<PipelineOptions, 'port'>) {
  try {
    return await startPipeline({ ...options, port: port ?? DEFAULT_PORT });
  } catch (error) {
    if (port !== undefined || !(error instanceof PortTaken)) throw error;
    return startPipeline({ ...options, port: 0 });
  }
}

function welcome(endpoint: string): void {
  const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS.credentials;
  const credentials = `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_DEFAULT_REGION=${LOCAL_CREDENTIALS.region}`;
  process.stdout.write(
    `The pipeline is running at ${endpoint}. Ctrl-C stops it; its data is in ${folder}.
Upload a zip of class folders to the bucket:
  ${credentials} aws --endpoint-url ${endpoint} s3 cp my-images.zip s3://${BUCKET}/datasets/
or without the AWS CLI:
  npx understudy train my-images
`,
  );
}

/**
 * Ends in good order, or at once while the pipeline is starting and at a second signal. Ending at once loses nothing
 * that the next start does not make up for, as after a kill -9, and ends the trainers too.
 */
function end(exit: number): void {
  if (!pipeline || isEnding) endAtOnce(exit);
  isEnding = true;
  setTimeout(() => endAtOnce(1), STOP_TIMEOUT_MS).unref();
  void pipeline.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      info(`The pipeline did not stop in good order: ${error}`);
      endAtOnce(1);
    },
  );
}

/** Ends this process together with what it may have started to set up TensorFlow or a teacher. */
function endAtOnce(exit: number): never {
  try {
    if (isStartedByCommand && !process.connected) process.kill(-process.pid, 'SIGKILL'); // otherwise the command does
  } catch {
    // this process does not lead a group
  }
  process.exit(exit);
}

function fail(sentence: string | undefined, code: number): void {
  if (sentence !== undefined) info(sentence);
  process.exitCode = code;
  process.removeAllListeners('disconnect');
  if (process.connected) process.disconnect?.();
}

function isUsage(error: unknown): boolean {
  const isFromParseArgs =
    (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true;
  return isFromParseArgs || error instanceof UsageError;
}

function isSentence(error: unknown): error is Error {
  const kinds = [SetupFailure, TeacherRefused, PortTaken];
  return isUsage(error) || kinds.some((kind) => error instanceof kind);
}
