import { monitorEventLoopDelay } from 'node:perf_hooks';
import { mlFolder } from '#core/ml-folder.ts';
import { runTraining } from '#training-image/supervise.ts';

// The trainer's program, while its main thread is watched; the folder of a job is its argument.
const RESOLUTION_MS = 10; // how often it is looked whether the thread answers

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const started = performance.now();
delay.enable();
const exit = await runTraining(
  mlFolder(process.argv[2] ?? ''),
  new URL('../../training-image/worker.mjs', import.meta.url),
);
delay.disable();
if (exit !== 0) throw new Error(`The training ended with ${exit}.`);
const longestMs = delay.max / 1e6 - RESOLUTION_MS;
const wallSeconds = (performance.now() - started) / 1e3;
process.stdout.write(`${JSON.stringify({ longestMs, wallSeconds })}\n`);
