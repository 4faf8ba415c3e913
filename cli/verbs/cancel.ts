import { Command } from 'commander';
import { observeJob } from '../observe-job.ts';

export const cancel = (): Command =>
  new Command('cancel')
    .description('end a job that is not done')
    .argument('<job>', "a dataset's name, or the beginning of a job's id")
    .option('--json', 'print the row as JSON')
    .action((wanted: string, { json }: { json?: boolean }) =>
      observeJob(
        wanted,
        { saw: 'cancel-asked' },
        {
          done: 'is cancelled; a training that runs is ended.',
          refused: 'there is nothing left to cancel.',
          json,
        },
      ),
    );
