import { Command } from 'commander';
import { parseCard, type StudentCard } from '#core/card.ts';
import { CARD_FILE, STUDENTS } from '#core/keys.ts';
import { percent } from '#core/quantities.ts';
import { unreadableCard } from '../find-student.ts';
import { table } from '../layout.ts';
import type { Library } from '../library.ts';
import { out, outJson, warn } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { withLibrary } from '../with-pipeline.ts';

export const list = (): Command =>
  new Command('list')
    .addOption(stackOption())
    .option('--json', 'print their cards as JSON')
    .action(({ json, ...target }: Target & { json?: boolean }) =>
      withLibrary(target, async ({ objects }) => {
        const cards = await allStudents(objects);
        if (json) outJson(cards);
        else if (cards.length === 0)
          out('No students yet. "npx understudy train FOLDER" trains one.');
        else
          out(
            table([
              ['STUDENT', 'CLASSES', 'TEST IMAGES', 'ACCURACY', 'TEACHER', 'CREATED (UTC)'],
              ...cards.map(row),
            ]),
          );
      }),
    );

async function allStudents(objects: Library['objects']): Promise<StudentCard[]> {
  const cards: StudentCard[] = [];
  for await (const { key } of objects.list(STUDENTS)) {
    if (!key.endsWith(`/${CARD_FILE}`)) continue;
    const read = parseCard((await objects.readText(key)) ?? '');
    if ('card' in read) cards.push(read.card);
    else warn(unreadableCard(key, read.problem));
  }
  return cards.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

const row = ({ student, version, classes, metrics, teacher, createdAt }: StudentCard): string[] => [
  `${student}/${version}`,
  String(classes.length),
  String(metrics.test.n),
  percent(metrics.test.accuracy),
  teacher.name,
  createdAt.slice(0, 19).replace('T', ' '),
];
