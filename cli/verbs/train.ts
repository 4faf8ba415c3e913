import { Command } from 'commander';
import { FINAL } from '#core/job.ts';
import { describeCost, describeStudent } from '../describe.ts';
import { findStudent } from '../find-student.ts';
import { followJob, stopUnlessWell } from '../follow-job.ts';
import { type Dataset, openDataset } from '../open-dataset.ts';
import { info, megabytes, out, outJson } from '../output.ts';
import { uploadDataset } from '../upload-dataset.ts';
import { stackOption, type Target, withPipeline } from '../with-pipeline.ts';

export const train = (): Command =>
  new Command('train')
    .description('upload a dataset and wait for its student')
    .argument('<folder|zip>', 'a folder with one folder of images a class, or a zip of that')
    .option('--name <name>', "the student's name; the folder's unless given")
    .option('--recipe <file>', 'a dataset.json; the one in the folder unless given')
    .addOption(stackOption())
    .option('--json', 'print the job and the student as JSON')
    .action(async (path: string, options: TrainOptions & { name?: string; recipe?: string }) => {
      await trainDataset(await openDataset(path, options), options);
    });

type TrainOptions = Target & { json?: boolean };

/** Uploads, follows, and prints the student. */
export async function trainDataset(dataset: Dataset, options: TrainOptions): Promise<void> {
  await withPipeline('training', options, async (pipeline) => {
    const title = `Upload ${dataset.name}`;
    const job = await followJob(pipeline, {
      title,
      work: async (tell) => {
        const id = await uploadDataset(pipeline, dataset, {
          onProgress: (bytes) => tell(`${title}: ${megabytes(bytes)}`),
          onNotice: info,
        });
        const known = await pipeline.jobs.load(id);
        if (known && FINAL.has(known.progress.state))
          info('This very dataset has been here before; this is what became of it.');
        return id;
      },
    });
    const { progress, name } = stopUnlessWell(job);
    if (progress.state !== 'published')
      throw new Error(`job ${job.id} is ${progress.state} at its end`);
    const card = await findStudent(pipeline.objects, `${name}/${progress.version}`);
    if (options.json) outJson({ job, student: card });
    else out(`\n${describeStudent(card, pipeline)}\n${describeCost(job)}`.trimEnd());
  });
}
