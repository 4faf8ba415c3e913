import { Command } from 'commander';
import { describeJob, JOB_HEADER, jobRow } from '../describe.ts';
import { findJob } from '../find-job.ts';
import { fittingTable } from '../layout.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { withJobs } from '../with-pipeline.ts';

export const status = (): Command =>
  new Command('status')
    .argument('[job]', 'the name of a dataset, or the beginning of a job id')
    .addOption(stackOption())
    .option('--json', 'print jobs as JSON')
    .action((wanted: string | undefined, { json, ...target }: Target & { json?: boolean }) =>
      withJobs(target, async (pipeline) => {
        if (wanted !== undefined) {
          const job = await findJob(pipeline, wanted);
          if (json) outJson(job);
          else out(describeJob(job, pipeline));
          return;
        }
        const jobs = await pipeline.allJobs();
        if (json) outJson(jobs);
        else if (jobs.length === 0) out('No jobs yet. "npx understudy train FOLDER" starts one.');
        else out(fittingTable([JOB_HEADER, ...jobs.map((job) => jobRow(job, pipeline))]));
      }),
    );
