import { Command } from 'commander';
import { describeStudent } from '../describe-student.ts';
import { findStudent } from '../find-student.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target, withPipeline } from '../with-pipeline.ts';

export const report = (): Command =>
  new Command('report')
    .description('prints everything that was measured of a student')
    .argument('<student>', 'NAME for its latest version, or NAME/VERSION')
    .addOption(stackOption())
    .option('--json', 'print its card as JSON')
    .action((student: string, { json, ...target }: Target & { json?: boolean }) =>
      withPipeline('storage', target, async (pipeline) => {
        const card = await findStudent(pipeline.objects, student);
        if (json) outJson(card);
        else out(describeStudent(card, pipeline));
      }),
    );
