import { readFile } from 'node:fs/promises';
import { mlFolder } from '#core/ml-folder.ts';
import { runTraining } from '#training-image/supervise.ts';
import { peakBytes } from './contender.ts';

// The trainer's program; its argument is the job's folder.
const WORKER = new URL('../../training-image/worker.mjs', import.meta.url);

const folders = mlFolder(process.argv[2] ?? '');
const exit = await runTraining(folders, WORKER);
if (exit !== 0) throw new Error(await readFile(folders.failure, 'utf8'));
const { user, system } = process.cpuUsage();
const cpuSeconds = (user + system) / 1e6;
process.stdout.write(`\n${JSON.stringify({ peakBytes: peakBytes(), cpuSeconds })}\n`);
