import { mlFolder } from '#core/ml-folder.ts';
import { runTraining } from '#training-image/supervise.ts';
import { peakBytes } from './contender.ts';

// The trainer's program, with the teachers in the job's folder as its catalogue; the folder is its argument.
const exit = await runTraining(
  mlFolder(process.argv[2] ?? ''),
  new URL('./training-worker.mjs', import.meta.url),
);
if (exit !== 0) throw new Error(`The training ended with ${exit}.`);
const { user, system } = process.cpuUsage();
const cpuSeconds = (user + system) / 1e6;
process.stdout.write(`\n${JSON.stringify({ peakBytes: peakBytes(), cpuSeconds })}\n`);
