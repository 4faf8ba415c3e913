import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { mlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { TrainingInterrupted, TrainingRefused } from './job/errors.ts';
import { createReporter, stopSignal } from './job/reporter.ts';
import { requireDevice } from './job/require-device.ts';
import { train } from './train.ts';

/** What the main thread passes to the worker. */
export interface WorkerData {
  root: string; // the job's folder
  stop: SharedArrayBuffer; // an int32 that becomes 1 when the training should end
}

/** What the worker sends to the main thread: lines of the log, then how the training ended. */
export type WorkerMessage =
  | { line: string }
  | { end: 'done' }
  | { end: 'interrupted' }
  | {
      end: 'refused';
      code: TrainingRefused['code'];
      what: string;
      files: TrainingRefused['files'];
    }
  | { end: 'broken'; what: string; stack: string };

/** Runs the whole training, in the thread that `runTraining` started. */
export async function runWorker(catalogue: ReadonlyMap<string, TeacherEntry>): Promise<void> {
  const { root, stop } = workerData as WorkerData;
  const folders = mlFolder(root);
  const report = createReporter((line) => send({ line }));
  try {
    await requireDevice(folders, report);
    await train(folders, catalogue, report, stopSignal(new Int32Array(stop)));
    send({ end: 'done' });
  } catch (error) {
    send(endOf(error));
  }
}

const send = (message: WorkerMessage) => parentPort?.postMessage(message);

function endOf(error: unknown): WorkerMessage {
  if (error instanceof TrainingInterrupted) return { end: 'interrupted' };
  if (error instanceof TrainingRefused) {
    const { code, message, files } = error;
    return { end: 'refused', code, what: message, files };
  }
  const what = error instanceof Error ? error.message : String(error);
  return { end: 'broken', what, stack: inspect(error) }; // inspect prints causes too
}
