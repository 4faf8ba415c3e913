import { Command } from 'commander';
import { observeJob } from '../change-job.ts';
import { stackOption, type Target } from '../with-pipeline.ts';

export const cancel = (): Command =>
  new Command('cancel')
    .description('cancels a job')
    .argument('<job>', 'the name of a dataset, or the beginning of a job id')
    .addOption(stackOption())
    .option('--json', 'print the job as JSON')
    .action((wanted: string, { json, ...target }: Target & { json?: boolean }) =>
      observeJob(
        wanted,
        target,
        { type: 'cancel-requested' },
        {
          done: 'was cancelled; its training is stopped if it is running.',
          refused: 'only a job that has not ended can be cancelled.',
          json,
        },
      ),
    );
