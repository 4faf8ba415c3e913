import { Command } from 'commander';
import { changeJob } from '../change-job.ts';
import { stackOption, type Target } from '../stack-option.ts';

export const cancel = (): Command =>
  new Command('cancel')
    .argument('<job>', 'the name of a dataset, or the beginning of a job id')
    .addOption(stackOption())
    .option('--json', 'print the job as JSON')
    .action((wanted: string, { json, ...target }: Target & { json?: boolean }) =>
      changeJob(
        wanted,
        target,
        { type: 'cancel-requested' },
        {
          change: 'cancelled',
          done: 'was cancelled; its training job is stopped if it is running.',
          json,
        },
      ),
    );
