import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { mlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { TrainingInterrupted, TrainingRefused } from './job/errors.ts';
import { teller } from './job/reporter.ts';
import { requireDevice } from './job/require-device.ts';
import { train } from './train.ts';

/** What the main thread gives: where to work, and a flag that is 1 once the training should end. */
export interface WorkerData {
  root: string;
  stop: SharedArrayBuffer;
}

/** What it gets: lines of the log, and at the end how it went. */
export type WorkerMessage =
  | { line: string }
  | { end: 'done' }
  | { end: 'interrupted' }
  | { end: 'refused'; code: TrainingRefused['code']; what: string }
  | { end: 'broken'; what: string; stack: string };

/** The whole training, in the thread that `runTraining` made for it. */
export async function runWorker(catalogue: ReadonlyMap<string, TeacherEntry>): Promise<void> {
  const { root, stop } = workerData as WorkerData;
  const flag = new Int32Array(stop);
  const tell = teller(
    (line) => send({ line }),
    () => {
      if (Atomics.load(flag, 0) === 1) throw new TrainingInterrupted('asked to end');
    },
  );
  try {
    await requireDevice(mlFolder(root), tell);
    await train(mlFolder(root), catalogue, tell);
    send({ end: 'done' });
  } catch (error) {
    send(endOf(error));
  }
}

const send = (message: WorkerMessage) => parentPort?.postMessage(message);

function endOf(error: unknown): WorkerMessage {
  if (error instanceof TrainingInterrupted) return { end: 'interrupted' };
  if (error instanceof TrainingRefused)
    return { end: 'refused', code: error.code, what: error.message };
  const what = error instanceof Error ? error.message : String(error);
  return { end: 'broken', what, stack: inspect(error) }; // with its causes
}
