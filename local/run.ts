import { parseArgs } from 'node:util';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { SetupFailure } from '#engine/tensorflow/setup-failure.ts';
import { TeacherRefused } from '#teachers/teacher-refused.ts';
import { FolderInUse } from './dynamodb/engine.ts';
import { BUCKET, LOCAL_CREDENTIALS } from './names.ts';
import { DEFAULT_PORT, PortTaken } from './serve.ts';
import { EXIT_FOLDER_IN_USE, removeEndpoint, stateFolder, writeEndpoint } from './state-folder.ts';
import { terminal } from './terminal.ts';
import { type Pipeline, type UpOptions, up } from './up.ts';

// The program behind `npm run up`; the understudy command starts it too, where none is up.
// Exit codes: 0 ended as asked, 1 failed, 2 wrong options, 75 another process holds the folder.

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'; // it warns of Node 20, which it supports
const say = (line: string) => process.stderr.write(`${line}\n`);
const folder = stateFolder();
let pipeline: Pipeline | undefined;
let ending = false;

process.on('SIGINT', end);
process.on('SIGTERM', end);
process.on('disconnect', end); // whoever started it for itself is gone

try {
  await start(settings());
} catch (error) {
  if (error instanceof FolderInUse) fail(error.message, EXIT_FOLDER_IN_USE);
  else if (isSentence(error)) fail(error.message, isUsage(error) ? 2 : 1);
  else throw error;
}

function settings() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      quiet: { type: 'boolean', default: false }, // another command does the talking
      'storage-only': { type: 'boolean', default: false },
      'lose-events': { type: 'boolean', default: false },
      'sweep-every-seconds': { type: 'string', default: '5' },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  return { ...values, port, sweepEverySeconds: Number(values['sweep-every-seconds']) };
}

async function start({ quiet, port, sweepEverySeconds, ...values }: ReturnType<typeof settings>) {
  const storageOnly = values['storage-only'];
  if (!storageOnly) await ensureTensorflow(say);
  const shown = terminal(quiet ? () => undefined : say);
  pipeline = await upOnSomePort(port, {
    folder,
    storageOnly,
    loseEvents: values['lose-events'],
    sweepEverySeconds,
    say,
    onRow: shown.row,
    onTrainingLine: shown.trainingLine,
    onAnnouncement: shown.announcement,
  });
  if (ending) return end();
  await writeEndpoint(folder, pipeline.endpoint);
  process.send?.({ ready: pipeline.endpoint });
  if (!quiet) welcome(pipeline.endpoint);
}

/** The usual port, so that a line in the shell's history stays right; any other where that is taken and none was asked for. */
async function upOnSomePort(port: number | undefined, options: Omit<UpOptions, 'port'>) {
  try {
    return await up({ ...options, port: port ?? DEFAULT_PORT });
  } catch (error) {
    if (port !== undefined || !(error instanceof PortTaken)) throw error;
    return up({ ...options, port: 0 });
  }
}

function welcome(endpoint: string): void {
  const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS.credentials;
  const credentials = `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_DEFAULT_REGION=${LOCAL_CREDENTIALS.region}`;
  process.stdout.write(
    `The pipeline is up at ${endpoint} (Ctrl-C ends it; everything is kept in ${folder}).
Drop a zip of class folders into the bucket,
  ${credentials} aws --endpoint-url ${endpoint} s3 cp my-images.zip s3://${BUCKET}/datasets/
or, without the AWS CLI:
  npx understudy train my-images
`,
  );
}

/** In good order at the first signal; at once at the second. */
function end(): void {
  if (ending && pipeline === undefined) process.exit(130);
  if (ending) return;
  ending = true;
  void pipeline?.stop().then(async () => {
    await removeEndpoint(folder);
    process.exit(0);
  });
}

function fail(sentence: string, code: number): void {
  say(sentence);
  process.exitCode = code;
  process.disconnect?.();
}

function isUsage(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true;
}

function isSentence(error: unknown): error is Error {
  const kinds = [SetupFailure, TeacherRefused, PortTaken];
  return isUsage(error) || kinds.some((kind) => error instanceof kind);
}
