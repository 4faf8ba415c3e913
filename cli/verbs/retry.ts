import { Command } from 'commander';
import type { Job } from '#core/job.ts';
import { changed, changedInWords } from '../change-job.ts';
import { followJob } from '../follow-job.ts';
import { out, outJson } from '../output.ts';
import { followed, type ReportOptions, reportResult } from '../report-result.ts';
import { stackOption } from '../stack-option.ts';
import { requireState } from '../state-option.ts';
import { withPipeline } from '../with-pipeline.ts';

const WORDS = {
  change: 'retried',
  hint: 'Only a failed or cancelled job can be; a changed dataset is a new job.',
};

export const retry = (): Command =>
  new Command('retry')
    .argument('<job>', 'the name of a dataset, or the beginning of a job id')
    .addOption(stackOption())
    .option('--no-follow', 'do not wait for the result')
    .option('--verbose', 'print everything that was measured')
    .option('--json', 'print the job and the student as JSON')
    .action((wanted: string, options: ReportOptions & { follow: boolean }) => {
      requireState(options, wanted);
      return options.follow ? retryAndFollow(wanted, options) : retryOnly(wanted, options);
    });

async function retryAndFollow(wanted: string, options: ReportOptions): Promise<void> {
  let job: Job | undefined; // the work may be repeated, but a job can be retried only once
  await withPipeline('training', options, async (pipeline) => {
    job ??= await changed(pipeline, wanted, { type: 'retry-requested' }, WORDS);
    const { id, name } = job;
    const before = { title: `Retry ${name}`, work: async () => id };
    const ended = await followed(options, () => followJob(pipeline, before));
    await reportResult(pipeline, ended, options);
  });
}

function retryOnly(wanted: string, options: ReportOptions): Promise<void> {
  const done = options.stack
    ? 'will be retried within a few minutes.'
    : 'will be retried while the pipeline runs (npx understudy up).';
  return withPipeline('storage', options, async (pipeline) => {
    const job = await changed(pipeline, wanted, { type: 'retry-requested' }, WORDS);
    if (options.json) outJson(job);
    else out(changedInWords(job, done));
  });
}
