import { Command } from 'commander';
import { observeJob } from '../observe-job.ts';
import { stackOption, type Target } from '../with-pipeline.ts';

export const cancel = (): Command =>
  new Command('cancel')
    .description('end a job that is not done')
    .argument('<job>', "a dataset's name, or the beginning of a job's id")
    .addOption(stackOption())
    .option('--json', 'print the row as JSON')
    .action((wanted: string, { json, ...target }: Target & { json?: boolean }) =>
      observeJob(
        wanted,
        target,
        { type: 'cancel-requested' },
        {
          done: 'is cancelled; a training that runs is ended.',
          refused: 'there is nothing left to cancel.',
          json,
        },
      ),
    );
