import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BROKEN_FILES, type BrokenFile } from '#core/broken-files.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { EXIT_DISK_FULL, type FailureCode, failureText } from '#core/training-contract.ts';
import { unwritable, unwritableByMessage, unwritableInWords } from '#core/unwritable.ts';
import { keepTensorflowLoaded } from '#engine/tensorflow/keep-loaded.ts';
import { isOutOfMemory } from './job/errors.ts';
import { freeBytes, scratchFolder } from './storage/room.ts';
import type { WorkerData, WorkerMessage } from './worker.ts';

const HEARTBEAT_MS = 30_000;
const GRACE_PERIOD_MS = 25_000; // Docker's is 30 s; finished work is in the checkpoints anyway
const TERMINATED = 143; // 128 + SIGTERM, as in shells and Docker; SageMaker reports Stopped whatever the code

/**
 * Runs a training in a worker thread. TensorFlow's calls block for seconds; this thread stays free to handle signals and
 * to print heartbeats.
 *
 * @param worker the module that calls `runWorker`
 * @returns the exit code: 0 if there is a student; 1 if there is none, see output/failure; 28 if not even that could be
 *   written; 143 if it was asked to end
 */
export async function runTraining(folders: MlFolder, worker: URL): Promise<number> {
  const stop = new SharedArrayBuffer(4);
  const workerData: WorkerData = { root: folders.root, stop };
  const thread = new Worker(worker, { workerData });

  const started = Date.now();
  const heartbeat = setInterval(() => {
    const megabytes = Math.round(process.memoryUsage.rss() / 1e6);
    print(`alive seconds=${Math.round((Date.now() - started) / 1000)} rss_mb=${megabytes}`);
  }, HEARTBEAT_MS);
  process.on('SIGTERM', () => {
    print('SIGTERM: stopping after the current batch');
    Atomics.store(new Int32Array(stop), 0, 1);
    setTimeout(() => process.exit(TERMINATED), GRACE_PERIOD_MS).unref();
  });

  keepTensorflowLoaded();

  const end = await endOf(thread);
  clearInterval(heartbeat);
  return exitCodeOf(end, folders);
}

const print = (line: string) => process.stdout.write(`${line}\n`);

type End = Extract<WorkerMessage, { end: string }>;
type Broken = Extract<End, { end: 'broken' }>;

/** Prints the thread's lines until it exits. */
function endOf(thread: Worker): Promise<End> {
  let end: End = {
    end: 'broken',
    what: 'The training worker exited without a result.',
    stack: '',
  };
  thread.on('message', (message: WorkerMessage) => {
    if ('line' in message) print(message.line);
    else end = message;
  });
  thread.on('error', (error: NodeJS.ErrnoException) => {
    const what = `${error.code ?? error.name}: ${error.message}`;
    end = { end: 'broken', what, stack: error.stack ?? '' };
  });
  return new Promise((resolve) => {
    thread.on('exit', () => resolve(end));
  });
}

async function exitCodeOf(end: End, folders: MlFolder): Promise<number> {
  switch (end.end) {
    case 'done':
      return 0;
    case 'interrupted':
      return TERMINATED;
    case 'refused':
      if (end.files.length > 0) await writeBrokenFiles(end.files, folders);
      return fail(end.code, end.what, folders);
    case 'broken':
      return failBroken(end, folders);
  }
}

async function failBroken({ what, stack }: Broken, folders: MlFolder): Promise<number> {
  const why = unwritableByMessage(what);
  if (why) {
    const room = { folder: folders.root, freeBytes: await freeBytes(folders.root) };
    return fail('DISK_FULL', unwritableInWords(why, room), folders);
  }
  process.stderr.write(`${stack}\n`);
  return fail(isOutOfMemory(what) ? 'OUT_OF_MEMORY' : 'INTERNAL', what, folders);
}

/** Renamed when complete, as everything among the checkpoints. On a full disk there is only the failure's summary. */
async function writeBrokenFiles(files: readonly BrokenFile[], { checkpoints }: MlFolder) {
  const file = join(checkpoints, BROKEN_FILES);
  try {
    await mkdir(checkpoints, { recursive: true });
    await writeFile(`${file}.tmp`, JSON.stringify(files));
    await rename(`${file}.tmp`, file);
  } catch (error) {
    if (!unwritable(error)) throw error;
  }
}

async function fail(code: FailureCode, what: string, folders: MlFolder): Promise<number> {
  const text = failureText(code, what);
  process.stderr.write(`${text}\n`);
  try {
    await rm(scratchFolder(folders), { recursive: true, force: true }); // makes room for the message on a full disk
    await mkdir(folders.output, { recursive: true });
    await writeFile(folders.failure, text);
    return 1;
  } catch (error) {
    if (!unwritable(error)) throw error;
    return EXIT_DISK_FULL;
  }
}
