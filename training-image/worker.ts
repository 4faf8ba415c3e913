import { parentPort, workerData } from 'node:worker_threads';
import type { MlFolder } from '#core/ml-folder.ts';
import { mlFolder } from '#core/ml-folder.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { TrainingInterrupted, TrainingRefused } from './stop-training.ts';
import { teller } from './tell.ts';
import { train } from './train.ts';

/** What the main thread gives: where to work, and a flag that is 1 once the training should end. */
export interface WorkerData {
  root: string;
  stop: SharedArrayBuffer;
}

/** What it gets, besides lines of the log. */
export type WorkerMessage =
  | { line: string }
  | { end: 'done' }
  | { end: 'interrupted' }
  | { end: 'refused'; code: TrainingRefused['code']; what: string }
  | { end: 'broken'; what: string; stack: string };

const { root, stop } = workerData as WorkerData;
const folders: MlFolder = mlFolder(root);
const flag = new Int32Array(stop);
const send = (message: WorkerMessage) => parentPort?.postMessage(message);
const tell = teller(
  (line) => send({ line }),
  () => {
    if (Atomics.load(flag, 0) === 1) throw new TrainingInterrupted('asked to end');
  },
);

await train(folders, TEACHERS, tell).then(
  () => send({ end: 'done' }),
  (error: unknown) => {
    if (error instanceof TrainingInterrupted) return send({ end: 'interrupted' });
    if (error instanceof TrainingRefused)
      return send({ end: 'refused', code: error.code, what: error.message });
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    return send({ end: 'broken', what: message, stack });
  },
);
