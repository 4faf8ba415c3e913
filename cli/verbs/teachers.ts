import { Command } from 'commander';
import { teacherPrefix } from '#core/keys.ts';
import { teacherDigest } from '#core/teacher.ts';
import { teacherProvider } from '#local/provide-teachers.ts';
import { CATALOGUE, DEFAULT_TEACHER, teacherNamed } from '#teachers/catalogue.ts';
import { EXIT, Stop } from '../exit.ts';
import { count, print, printJson, say, table } from '../output.ts';
import { stackOption, type Where, withPipeline } from '../with-pipeline.ts';

export const teachers = (): Command =>
  new Command('teachers')
    .description('list the teachers that a recipe can name')
    .option('--import <name>', 'bring a teacher into the bucket of a deployed pipeline')
    .addOption(stackOption())
    .option('--json', 'print the catalogue as JSON')
    .action(async (options: Where & { json?: boolean; import?: string }) => {
      if (options.import !== undefined) return bring(options.import, options);
      if (options.json) return printJson(CATALOGUE);
      const rows = CATALOGUE.map((teacher) => [
        teacher.name === DEFAULT_TEACHER ? `${teacher.name} (default)` : teacher.name,
        `${teacher.input.px} px`,
        count(teacher.backboneParameters),
        `${teacher.trainedOn.dataset}, ${count(teacher.trainedOn.classes)} classes`,
        teacher.licence.name,
        teacherDigest(teacher).slice(0, 12),
      ]);
      print(
        table([['TEACHER', 'INPUT', 'PARAMETERS', 'TRAINED ON', 'LICENCE', 'DIGEST'], ...rows]),
      );
    });

/** On this machine teachers come by themselves when they are first asked for; the default one is in the image. */
async function bring(name: string, where: Where): Promise<void> {
  if (!teacherNamed(name)) {
    const known = CATALOGUE.map((teacher) => teacher.name).join(', ');
    throw new Stop(EXIT.notFound, `There is no teacher "${name}"; choose one of: ${known}.`);
  }
  await withPipeline('storage', where, async (pipeline) => {
    await teacherProvider({ ...pipeline, report: say }).provide(name);
    say(`${name} lies in s3://${pipeline.bucket}/${teacherPrefix(name)}`);
  });
}
