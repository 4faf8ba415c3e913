import { parseArgs } from 'node:util';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { SetupFailure } from '#engine/tensorflow/setup-failure.ts';
import { TeacherRefused } from '#teachers/teacher-refused.ts';
import { FolderInUse } from './dynamodb/engine.ts';
import { escapeLinesForTerminal } from './escape-for-terminal.ts';
import { DEFAULT_PORT, PortTaken } from './http-server.ts';
import { BUCKET, LOCAL_CREDENTIALS } from './names.ts';
import { type Pipeline, type PipelineOptions, startPipeline } from './start-pipeline.ts';
import { EXIT_FOLDER_IN_USE, removeEndpoint, stateFolder, writeEndpoint } from './state-folder.ts';
import { terminal } from './terminal.ts';

// The program behind `npm run up`; the understudy command starts it too, if none is running.
// Exit codes: 0 stopped by a signal, 1 failed, 2 usage error, 75 another process holds the folder.

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'; // it warns about Node 20, which it supports
const info = (line: string) => process.stderr.write(`${escapeLinesForTerminal(line)}\n`);
const folder = stateFolder();
let pipeline: Pipeline | undefined;
let isStarting = false;
let isEnding = false;

class UsageError extends Error {}

process.on('SIGINT', end);
process.on('SIGTERM', end);
process.on('disconnect', end); // the command that started it for itself is gone

try {
  await start(settings());
} catch (error) {
  // The command that started this program waits and tries again; only otherwise is there something to say.
  if (error instanceof FolderInUse)
    fail(process.connected ? undefined : error.message, EXIT_FOLDER_IN_USE);
  else if (isSentence(error)) fail(error.message, isUsage(error) ? 2 : 1);
  else throw error;
}

function settings() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      quiet: { type: 'boolean', default: false }, // another command prints the messages
      'storage-only': { type: 'boolean', default: false },
      'lose-events': { type: 'boolean', default: false },
      'sweep-every-seconds': { type: 'string', default: '5' },
    },
  });
  const port = values.port === undefined ? undefined : portFrom(values.port);
  return { ...values, port, sweepEverySeconds: Number(values['sweep-every-seconds']) };
}

/** @throws UsageError */
function portFrom(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`"${text}" is not a port; give a number from 0 (any free port) to 65535.`);
}

async function start({ quiet, port, sweepEverySeconds, ...values }: ReturnType<typeof settings>) {
  const storageOnly = values['storage-only'];
  if (!storageOnly) await ensureTensorflow(info);
  isStarting = true;
  const shown = terminal(quiet ? () => undefined : info);
  pipeline = await upOnSomePort(port, {
    folder,
    storageOnly,
    loseEvents: values['lose-events'],
    sweepEverySeconds,
    report: info,
    onRow: shown.row,
    onTrainingLine: shown.trainingLine,
    onAnnouncement: shown.announcement,
  });
  if (isEnding) return stop(pipeline);
  await writeEndpoint(folder, pipeline.endpoint);
  if (process.connected) process.send?.({ ready: pipeline.endpoint });
  if (!quiet) welcome(pipeline.endpoint);
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

/** Ends in good order. While the pipeline is starting, it is stopped once it has started; a second signal exits at once. */
function end(): void {
  if (!isStarting || (isEnding && pipeline === undefined)) process.exit(130);
  if (isEnding) return;
  isEnding = true;
  if (pipeline) void stop(pipeline);
}

async function stop(running: Pipeline): Promise<void> {
  await running.stop();
  await removeEndpoint(folder);
  process.exit(0);
}

function fail(sentence: string | undefined, code: number): void {
  if (sentence !== undefined) info(sentence);
  process.exitCode = code;
  process.disconnect?.();
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
