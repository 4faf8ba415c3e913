import { Command } from 'commander';
import pc from 'picocolors';
import { REPORT_FILE } from '#core/keys.ts';
import { verdictOn } from '#core/verdict.ts';
import { describeStudent } from '../describe-student.ts';
import { findStudent, STUDENT_ARGUMENT } from '../find-student.ts';
import { paragraph } from '../layout.ts';
import { openInBrowser } from '../open-in-browser.ts';
import { info, out, outJson } from '../output.ts';
import { fetchReport } from '../report-page.ts';
import { stackOption, type Target } from '../stack-option.ts';
import {
  numberedVersion,
  studentInWords,
  versionComparedInWords,
  withVersion,
} from '../student-versions.ts';
import { withLibrary } from '../with-pipeline.ts';

type ReportOptions = Target & { json?: boolean; open?: boolean; verbose?: boolean };

export const report = (): Command =>
  new Command('report')
    .argument('<student>', STUDENT_ARGUMENT)
    .addOption(stackOption())
    .option('--open', 'open the report in the browser')
    .option('--verbose', 'print everything that was measured')
    .option('--json', 'print its card as JSON')
    .action((student: string, { json, open, verbose, ...target }: ReportOptions) =>
      withLibrary(target, async (library) => {
        const card = await findStudent(library.objects, student);
        const entry = await numberedVersion(library.objects, card);
        if (json) return outJson(withVersion(card, entry));

        const page = await fetchReport(library, card);
        if (verbose || page === undefined) out(describeStudent(card, library, entry));
        else {
          const { headline, details } = verdictOn(card);
          const compared = entry && versionComparedInWords(entry);
          out(
            [
              pc.bold(studentInWords(card, entry)),
              '',
              paragraph(pc.bold(headline)),
              ...details.map((sentence) => paragraph(sentence, 2)),
              ...(compared === undefined ? [] : [paragraph(compared, 2)]),
              '',
            ].join('\n'),
          );
        }
        if (page === undefined) {
          info(`An earlier version of Understudy trained this student; it has no ${REPORT_FILE}.`);
          return;
        }
        out(`Report: ${page}`);
        if (open && !(await openInBrowser(page)))
          info('There is no browser that could be opened here. Open the file in one.');
      }),
    );
