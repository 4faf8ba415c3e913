import { mkdir, writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { mlFolderOf } from '#core/ml-folder.ts';
import { type FailureCode, failureText } from '#core/plan.ts';
import type { WorkerData, WorkerMessage } from './worker.ts';

// The program of the training container. TensorFlow computes in a worker thread, since its calls block for seconds;
// this thread stays free for signals and for signs of life.
// Exit codes: 0 there is a student; 1 there is none, and output/failure says why; 143 asked to end by SIGTERM.

const HEARTBEAT_MS = 30_000;
const LONGEST_GOODBYE_MS = 25_000; // Docker's patience is 30 s; what is finished lies in the checkpoints anyway
const TERMINATED = 143; // as a shell has it for SIGTERM

const folders = mlFolderOf(process.env);
const stop = new SharedArrayBuffer(4);
const workerData: WorkerData = { root: folders.root, stop };
const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData });
const print = (line: string) => process.stdout.write(`${line}\n`);

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

let last: WorkerMessage | undefined;
worker.on('message', (message: WorkerMessage) => {
  if ('line' in message) print(message.line);
  else last = message;
});
worker.on('error', (error: NodeJS.ErrnoException) => {
  last = { end: 'broken', what: error.message, stack: error.stack ?? '' };
});
worker.on('exit', async () => {
  clearInterval(heartbeat);
  process.exitCode = await exitCodeOf(last);
});

async function exitCodeOf(message: WorkerMessage | undefined): Promise<number> {
  if (message && 'end' in message) {
    if (message.end === 'done') return 0;
    if (message.end === 'interrupted') return TERMINATED;
    if (message.end === 'refused') return failed(message.code, message.what);
    process.stderr.write(`${message.stack}\n`);
    const isMemory = /out of memory|OOM|ResourceExhausted|ERR_WORKER_OUT_OF_MEMORY/i.test(
      message.what,
    );
    return failed(isMemory ? 'OUT_OF_MEMORY' : 'INTERNAL', message.what);
  }
  return failed('INTERNAL', 'The training ended without a word.');
}

async function failed(code: FailureCode, what: string): Promise<number> {
  const text = failureText(code, what);
  await mkdir(folders.output, { recursive: true });
  await writeFile(folders.failure, text);
  process.stderr.write(`${text}\n`);
  return 1;
}
