import { Command } from 'commander';
import { changeJob } from '../change-job.ts';
import { stackOption, type Target } from '../stack-option.ts';

export const retry = (): Command =>
  new Command('retry')
    .argument('<job>', 'the name of a dataset, or the beginning of a job id')
    .addOption(stackOption())
    .option('--json', 'print the job as JSON')
    .action((wanted: string, { json, ...target }: Target & { json?: boolean }) =>
      changeJob(
        wanted,
        target,
        { type: 'retry-requested' },
        {
          change: 'retried',
          done: target.stack
            ? 'will be retried within a few minutes.'
            : 'will be retried while the pipeline runs (npx understudy up).',
          hint: 'Only a failed or cancelled job can be; a changed dataset is a new job.',
          json,
        },
      ),
    );
