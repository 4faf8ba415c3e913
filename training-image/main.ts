import { mlFolderOf } from '#core/ml-folder.ts';
import { runTraining } from './supervise.ts';

// The program that the training container starts.
process.exitCode = await runTraining(
  mlFolderOf(process.env),
  new URL('./worker.mjs', import.meta.url),
);
