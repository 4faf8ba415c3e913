import { Command } from 'commander';
import { confirm } from '../confirm.ts';
import { describeRemoval, withNumber } from '../describe-removal.ts';
import { findRemoval, type Removal } from '../find-removal.ts';
import { runningPipeline } from '../local-pipeline.ts';
import { localTrainings, removeTrainings } from '../local-trainings.ts';
import { info, megabytes, out, outJson, warn } from '../output.ts';
import { remove } from '../remove.ts';
import { forgetReports } from '../report-page.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { requireState } from '../state-option.ts';
import { withPipeline } from '../with-pipeline.ts';

export const rm = (): Command =>
  new Command('rm')
    .argument(
      '<student|job>',
      'NAME for a student with all its versions, NAME/v2 for one of them, or the beginning of a job id',
    )
    .addOption(stackOption())
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'print what was removed as JSON')
    .action(
      async (
        wanted: string,
        { yes, json, ...target }: Target & { yes?: boolean; json?: boolean },
      ) => {
        requireState(target, wanted);
        await withPipeline('storage', target, async (pipeline) => {
          // Without a pipeline that trains, a job that has not ended is paused, and this command keeps it so.
          const isPaused = target.stack === undefined && !(await runningPipeline())?.trains;
          const removal = await findRemoval(pipeline, wanted, isPaused);
          const sentence = `This removes ${describeRemoval(removal)}.`;
          if (yes) info(sentence);
          else {
            warn(sentence);
            await confirm('Remove?');
          }
          const removeLogs = async () => {
            if (target.stack === undefined) await removeTrainings(await trainingsOf(removal));
          };
          const all = await pipeline.allJobs();
          const latest = await remove(pipeline, removal, all, removeLogs);
          await forgetReports(removal.name, removal.versions);
          if (json) outJson(removed(removal, latest));
          else out(`Removed ${megabytes(removal.bytes)}.${latestInWords(removal, latest)}`);
        });
      },
    );

async function trainingsOf({ jobs }: Removal): Promise<string[]> {
  const ids = new Set(jobs.map(({ id }) => id));
  return (await localTrainings()).filter(({ jobId }) => ids.has(jobId)).map(({ name }) => name);
}

const latestInWords = ({ name, versions, numbers }: Removal, latest: string | undefined) =>
  versions.length > 0 && latest !== undefined
    ? ` The latest version of ${name} now is ${withNumber(latest, numbers)}.`
    : '';

const removed = (
  { name, versions, jobs, uploads, bytes }: Removal,
  latest: string | undefined,
) => ({
  student: name,
  versions,
  jobs: jobs.map(({ id }) => id),
  uploads: uploads.map(({ place }) => place),
  bytes,
  ...(latest !== undefined && { latest }),
});
