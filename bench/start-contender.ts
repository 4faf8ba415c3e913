import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { lastLines } from '#engine/tensorflow/run-command.ts';
import { BenchError } from './bench-error.ts';
import type { Places } from './set-up.ts';
import { Measurement, type Task } from './task.ts';

/** All systems that are compared, by the file of each. */
export const CONTENDERS = {
  engine: 'engine.ts',
  'tfjs-layers': 'tfjs-layers.ts',
  onnxruntime: 'onnxruntime.ts',
  keras: 'keras_contender.py',
  torch: 'torch_contender.py',
} as const;
export type Contender = keyof typeof CONTENDERS;

/** One thread for everybody, so that what is counted is work and not how well it is spread. */
export const ONE_THREAD = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
  TF_ENABLE_ONEDNN_OPTS: '1',
  TF_CPP_MIN_LOG_LEVEL: '2',
  CUDA_VISIBLE_DEVICES: '',
  KERAS_BACKEND: 'tensorflow',
  PYTHONDONTWRITEBYTECODE: '1', // this folder is a repository's
};

/** Runs one contender's process to its end. */
export async function startContender(
  contender: Contender,
  task: Task,
  places: Places,
): Promise<Measurement> {
  const lastLine = await lastLineOf(
    `contenders/${CONTENDERS[contender]}`,
    [JSON.stringify(task)],
    places,
  );
  return Measurement.parse(JSON.parse(lastLine));
}

/**
 * Runs a program of this folder, in Python or TypeScript, on one thread.
 *
 * @returns the last line that it printed
 * @throws BenchError if it fails, with what it said
 */
export async function lastLineOf(
  program: string,
  options: readonly string[],
  places: Places,
): Promise<string> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const [command, first] = program.endsWith('.py')
    ? ['python3', [file]]
    : [process.execPath, ['--import', 'tsx', file]];
  // Not all of ours: some machines tell numpy and torch to be slow, by OPENBLAS_CORETYPE and the like.
  const { PATH, HOME, UNDERSTUDY_CACHE, XDG_CACHE_HOME } = process.env;
  const environment = { PATH, HOME, UNDERSTUDY_CACHE, XDG_CACHE_HOME, ...ONE_THREAD };
  const child = spawn(command, [...first, ...options], {
    env: { ...environment, PYTHONPATH: places.python.join(':') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [exit, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (exit !== 0) {
    throw new BenchError(
      `${program} ended with ${signal ?? exit}:\n${lastLines(`${output}${errors}`, 12)}`,
    );
  }
  return lastLines(output, 1);
}
