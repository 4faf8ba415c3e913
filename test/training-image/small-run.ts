import { mlFolderOf } from '#core/ml-folder.ts';
import { runTraining } from '#training-image/supervise.ts';

// The trainer's program, for the small teacher.
process.exitCode = await runTraining(
  mlFolderOf(process.env),
  new URL('./small-worker.mjs', import.meta.url),
);
