import { stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { Command } from 'commander';
import { CARD_FILE, studentKeys } from '#core/keys.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { explainErrorOf } from '../explain-disk-error.ts';
import { fetchFile } from '../fetch-file.ts';
import { findStudent, STUDENT_ARGUMENT } from '../find-student.ts';
import { out, outJson } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { numberedVersion, studentInWords, withVersion } from '../student-versions.ts';
import { withLibrary } from '../with-pipeline.ts';

export const download = (): Command =>
  new Command('download')
    .argument('<student>', STUDENT_ARGUMENT)
    .argument('<folder>', 'where to put them; created if it does not exist')
    .addOption(stackOption())
    .option('--json', "print the student's card as JSON")
    .action(async (wanted: string, folder: string, options: Target & { json?: boolean }) => {
      await refuseFile(folder);
      await withLibrary(options, async (library) => {
        const card = await findStudent(library.objects, wanted);
        const { prefix } = studentKeys(card.student, card.version);
        const files = [...card.files, { path: CARD_FILE, sha256: undefined }]; // the card is last: now it is complete
        for (const { path, sha256 } of files) {
          await fetchFile(library, `${prefix}${path}`, inside(folder, path), sha256).catch(
            (error: unknown) => {
              throw explainErrorOf(folder, error);
            },
          );
        }
        const entry = await numberedVersion(library.objects, card);
        if (options.json) return outJson(withVersion(card, entry));
        out(`Downloaded ${studentInWords(card, entry)} to ${folder}.`);
        out(
          'Its report.html says how good it is; its README.md, how to use it in Node, Python and the browser.',
        );
      });
    });

async function refuseFile(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) {
    throw new CliError(EXIT.usage, `${folder} is a file; give a folder.`);
  }
}

/** A card is a file in a bucket: it must not make this command write outside the folder. */
function inside(folder: string, path: string): string {
  const whole = resolve(folder, path);
  if (whole.startsWith(resolve(folder) + sep)) return whole;
  throw new CliError(
    EXIT.internal,
    `${CARD_FILE} names a file outside its folder (${path}); do not trust this student.`,
  );
}
