import { Command } from 'commander';
import { describeJob, JOB_HEADER, jobRow } from '../describe.ts';
import { findJob } from '../find-job.ts';
import { print, printJson, table } from '../output.ts';
import { stackOption, type Where, withPipeline } from '../with-pipeline.ts';

export const status = (): Command =>
  new Command('status')
    .description('show all jobs, or one with its history')
    .argument('[job]', "a dataset's name, or the beginning of a job's id")
    .addOption(stackOption())
    .option('--json', 'print rows as JSON')
    .action((wanted: string | undefined, { json, ...where }: Where & { json?: boolean }) =>
      withPipeline('storage', where, async (pipeline) => {
        if (wanted !== undefined) {
          const job = await findJob(pipeline, wanted);
          if (json) printJson(job);
          else print(describeJob(job));
          return;
        }
        const jobs = await pipeline.allJobs();
        if (json) printJson(jobs);
        else if (jobs.length === 0) print('No job yet; npx understudy train FOLDER makes one.');
        else print(table([JOB_HEADER, ...jobs.map(jobRow)]));
      }),
    );
