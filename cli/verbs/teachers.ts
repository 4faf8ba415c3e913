import { Command } from 'commander';
import { teacherPrefix } from '#core/keys.ts';
import { count } from '#core/quantities.ts';
import { teacherDigest } from '#core/teacher.ts';
import { teacherProvider } from '#local/provide-teachers.ts';
import { CATALOGUE, teacherNamed } from '#teachers/catalogue.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { table } from '../layout.ts';
import { info, out, outJson } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { withPipeline } from '../with-pipeline.ts';

export const teachers = (): Command =>
  new Command('teachers')
    .option('--import <name>', 'copy a teacher into the bucket of a deployed pipeline')
    .addOption(stackOption())
    .option('--json', 'print the catalogue as JSON')
    .action(async (options: Target & { json?: boolean; import?: string }) => {
      if (options.import !== undefined) return copyTeacher(options.import, options);
      if (options.json) return outJson(CATALOGUE);
      const rows = CATALOGUE.map((teacher) => [
        teacher.name,
        `${teacher.input.px} px`,
        count(teacher.backboneParameters),
        `${teacher.trainedOn.dataset}, ${count(teacher.trainedOn.classes)} classes`,
        teacher.licence.name,
        teacherDigest(teacher).slice(0, 12),
      ]);
      out(table([['TEACHER', 'INPUT', 'PARAMETERS', 'TRAINED ON', 'LICENCE', 'DIGEST'], ...rows]));
    });

/** Only for deployed pipelines whose image lacks the teacher: the local one fetches it when a recipe first asks for it. */
async function copyTeacher(name: string, target: Target): Promise<void> {
  if (!teacherNamed(name)) {
    const known = CATALOGUE.map((teacher) => teacher.name).join(', ');
    throw new CliError(EXIT.notFound, `There is no teacher "${name}". Choose one of: ${known}.`);
  }
  await withPipeline('storage', target, async (pipeline) => {
    await teacherProvider({ ...pipeline, report: info }).provide(name);
    info(`Copied ${name} to s3://${pipeline.bucket}/${teacherPrefix(name)}`);
  });
}
