import { Command } from 'commander';
import { describeStudent } from '../describe-student.ts';
import { findStudent, STUDENT_ARGUMENT } from '../find-student.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { numberedVersion, withVersion } from '../student-versions.ts';
import { withLibrary } from '../with-pipeline.ts';

export const report = (): Command =>
  new Command('report')
    .argument('<student>', STUDENT_ARGUMENT)
    .addOption(stackOption())
    .option('--json', 'print its card as JSON')
    .action((student: string, { json, ...target }: Target & { json?: boolean }) =>
      withLibrary(target, async (library) => {
        const card = await findStudent(library.objects, student);
        const entry = await numberedVersion(library.objects, card);
        if (json) outJson(withVersion(card, entry));
        else out(describeStudent(card, library, entry));
      }),
    );
