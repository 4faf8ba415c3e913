import { mkdir, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { MlFolder } from '#core/ml-folder.ts';
import { type FailureCode, failureText } from '#core/plan.ts';
import { keepTensorflowLoaded } from '#engine/tensorflow/keep-loaded.ts';
import { isOutOfMemory } from './job/out-of-memory.ts';
import type { WorkerData, WorkerMessage } from './worker.ts';

const HEARTBEAT_MS = 30_000;
const LONGEST_GOODBYE_MS = 25_000; // Docker's patience is 30 s; what is finished lies in the checkpoints anyway
const TERMINATED = 143; // 128 + SIGTERM, as a shell and Docker have it; SageMaker says Stopped, whatever the code

/**
 * Runs a training beside this thread, since TensorFlow's calls block for seconds: this one stays free for signals and
 * for signs of life.
 *
 * @param worker the module that calls `work`
 * @returns the exit code: 0 there is a student; 1 there is none, and output/failure says why; 143 it was asked to end
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
    print('SIGTERM: ending after the present batch');
    Atomics.store(new Int32Array(stop), 0, 1);
    setTimeout(() => process.exit(TERMINATED), LONGEST_GOODBYE_MS).unref();
  });

  keepTensorflowLoaded();

  const last = await lastWordOf(thread);
  clearInterval(heartbeat);
  return exitCodeOf(last, folders);
}

const print = (line: string) => process.stdout.write(`${line}\n`);

type End = Extract<WorkerMessage, { end: string }>;

/** Prints the thread's lines until it is over. */
function lastWordOf(thread: Worker): Promise<End> {
  let last: End = { end: 'broken', what: 'The training ended without a word.', stack: '' };
  thread.on('message', (message: WorkerMessage) => {
    if ('line' in message) print(message.line);
    else last = message;
  });
  thread.on('error', (error: NodeJS.ErrnoException) => {
    const what = `${error.code ?? error.name}: ${error.message}`;
    last = { end: 'broken', what, stack: error.stack ?? '' };
  });
  return new Promise((resolve) => {
    thread.on('exit', () => resolve(last));
  });
}

async function exitCodeOf(last: End, folders: MlFolder): Promise<number> {
  switch (last.end) {
    case 'done':
      return 0;
    case 'interrupted':
      return TERMINATED;
    case 'refused':
      return failed(last.code, last.what, folders);
    case 'broken':
      process.stderr.write(`${last.stack}\n`);
      return failed(isOutOfMemory(last.what) ? 'OUT_OF_MEMORY' : 'INTERNAL', last.what, folders);
  }
}

async function failed(code: FailureCode, what: string, folders: MlFolder): Promise<1> {
  const text = failureText(code, what);
  await mkdir(folders.output, { recursive: true });
  await writeFile(folders.failure, text);
  process.stderr.write(`${text}\n`);
  return 1;
}
