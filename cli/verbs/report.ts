import { Command } from 'commander';
import { describeStudent } from '../describe-student.ts';
import { findStudent } from '../find-student.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { withLibrary } from '../with-pipeline.ts';

export const report = (): Command =>
  new Command('report')
    .argument('<student>', 'NAME for its latest version, or NAME/VERSION')
    .addOption(stackOption())
    .option('--json', 'print its card as JSON')
    .action((student: string, { json, ...target }: Target & { json?: boolean }) =>
      withLibrary(target, async (library) => {
        const card = await findStudent(library.objects, student);
        if (json) outJson(card);
        else out(describeStudent(card, library));
      }),
    );
