import { Command } from 'commander';
import { observeJob } from '../observe-job.ts';
import { stackOption, type Target } from '../with-pipeline.ts';

export const retry = (): Command =>
  new Command('retry')
    .description('try a failed or cancelled job again')
    .argument('<job>', "a dataset's name, or the beginning of a job's id")
    .addOption(stackOption())
    .option('--json', 'print the row as JSON')
    .action((wanted: string, { json, ...target }: Target & { json?: boolean }) =>
      observeJob(
        wanted,
        target,
        { type: 'retry-requested' },
        {
          done: target.stack
            ? 'will be tried again within some minutes.'
            : 'will be tried again as soon as the pipeline runs (npm run up).',
          refused:
            'only a failed or cancelled job can be tried again; a changed dataset is a new job.',
          json,
        },
      ),
    );
