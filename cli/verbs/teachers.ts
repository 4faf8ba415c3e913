import { Command } from 'commander';
import { teacherDigest } from '#core/teacher.ts';
import { CATALOGUE, DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { count, print, printJson, table } from '../output.ts';

export const teachers = (): Command =>
  new Command('teachers')
    .description('list the teachers that a recipe can name')
    .option('--json', 'print the catalogue as JSON')
    .action(({ json }: { json?: boolean }) => {
      if (json) return printJson(CATALOGUE);
      const rows = CATALOGUE.map((teacher) => [
        teacher.name === DEFAULT_TEACHER ? `${teacher.name} (default)` : teacher.name,
        `${teacher.input.px} px`,
        count(teacher.trunkParameters),
        `${teacher.trainedOn.dataset}, ${count(teacher.trainedOn.classes)} classes`,
        teacher.licence.name,
        teacherDigest(teacher).slice(0, 12),
      ]);
      print(
        table([['TEACHER', 'INPUT', 'PARAMETERS', 'TRAINED ON', 'LICENCE', 'DIGEST'], ...rows]),
      );
    });
