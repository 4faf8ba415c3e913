import { Command } from 'commander';
import { FINAL } from '#core/job-progress.ts';
import { describeCost } from '../describe.ts';
import { describeStudent } from '../describe-student.ts';
import { findStudent } from '../find-student.ts';
import { followJob, requireSuccess } from '../follow-job.ts';
import { type Dataset, openDataset } from '../open-dataset.ts';
import { info, megabytes, out, outJson } from '../output.ts';
import { uploadDataset } from '../upload-dataset.ts';
import { stackOption, type Target, withPipeline } from '../with-pipeline.ts';

export const train = (): Command =>
  new Command('train')
    .argument('<folder|zip>', 'a folder with one folder of images per class, or a zip of it')
    .option('--name <name>', 'name of the student (default: the name of the folder or zip)')
    .option('--recipe <file>', 'a recipe (default: dataset.json in the folder)')
    .addOption(stackOption())
    .option('--json', 'print the job and the student as JSON')
    .action(async (path: string, options: TrainOptions & { name?: string; recipe?: string }) => {
      const dataset = await openDataset(path, options);
      await trainDataset(dataset, options);
      if (!options.json) out(nextSteps(dataset.name, options));
    });

function nextSteps(student: string, { stack }: Target): string {
  const option = stack === undefined ? '' : ` --stack ${stack}`;
  return [
    '',
    'Classify images:',
    `  npx understudy predict ${quote(student)} IMAGE...${option}`,
    'Download the files of the student:',
    `  npx understudy download ${quote(student)} FOLDER${option}`,
  ].join('\n');
}

/** Quotes a name for the shell where needed. */
const quote = (name: string): string =>
  /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;

type TrainOptions = Target & { json?: boolean };

/** Uploads a dataset, follows its job, and prints the report on its student. */
export async function trainDataset(dataset: Dataset, options: TrainOptions): Promise<void> {
  await withPipeline('training', options, async (pipeline) => {
    const title = `Upload ${dataset.name}`;
    const job = await followJob(pipeline, {
      title,
      work: async (setTitle) => {
        const id = await uploadDataset(pipeline, dataset, {
          onProgress: (bytes) => setTitle(`${title}: ${megabytes(bytes)}`),
          onNotice: info,
        });
        const known = await pipeline.jobs.load(id);
        if (known && FINAL.has(known.progress.state))
          info('This dataset was processed before; showing that result.');
        return id;
      },
    });
    const { progress, name } = requireSuccess(job);
    if (progress.state !== 'published') throw new Error(`job ${job.id} ended as ${progress.state}`);
    const card = await findStudent(pipeline.objects, `${name}/${progress.version}`);
    if (options.json) outJson({ job, student: card });
    else out(`\n${describeStudent(card, pipeline)}\n${describeCost(job)}`.trimEnd());
  });
}
