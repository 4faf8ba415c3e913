import { Command } from 'commander';
import { changed, changedInWords } from '../change-job.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { requireState } from '../state-option.ts';
import { withPipeline } from '../with-pipeline.ts';

export const cancel = (): Command =>
  new Command('cancel')
    .argument('<job>', 'the name of a dataset, or the beginning of a job id')
    .addOption(stackOption())
    .option('--json', 'print the job as JSON')
    .action(async (wanted: string, { json, ...target }: Target & { json?: boolean }) => {
      requireState(target, wanted);
      await withPipeline('storage', target, async (pipeline) => {
        const words = { change: 'cancelled' };
        const job = await changed(pipeline, wanted, { type: 'cancel-requested' }, words);
        if (json) outJson(job);
        else
          out(changedInWords(job, 'was cancelled; its training job is stopped if it is running.'));
      });
    });
