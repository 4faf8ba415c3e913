import { Command } from 'commander';
import { parseCard, type StudentCard } from '#core/card.ts';
import { CARD_FILE, STUDENTS } from '#core/keys.ts';
import { percent } from '#core/quantities.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { unreadableCard } from '../find-student.ts';
import { fittingTable } from '../layout.ts';
import type { Library } from '../library.ts';
import { out, outJson, warn } from '../output.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { latestVersion, numberedVersions, withVersion } from '../student-versions.ts';
import { withLibrary } from '../with-pipeline.ts';

export const list = (): Command =>
  new Command('list')
    .addOption(stackOption())
    .option('--json', 'print their cards as JSON')
    .action(({ json, ...target }: Target & { json?: boolean }) =>
      withLibrary(target, async ({ objects }) => {
        const students = await allStudents(objects);
        if (json) outJson(students.map(asJson));
        else if (students.length === 0)
          out('No students yet. "npx understudy train FOLDER" trains one.');
        else out(fittingTable([HEADER, ...students.map(row)], SPARE));
      }),
    );

interface Listed {
  card: StudentCard;
  entry: NumberedVersion | undefined; // none for a student that was published before there were numbers
  isLatest: boolean;
}

async function allStudents(objects: Library['objects']): Promise<Listed[]> {
  const cards: StudentCard[] = [];
  for await (const { key } of objects.list(STUDENTS)) {
    if (!key.endsWith(`/${CARD_FILE}`)) continue;
    const read = parseCard((await objects.readText(key)) ?? '');
    if ('card' in read) cards.push(read.card);
    else warn(unreadableCard(key, read.problem));
  }
  const listed: Listed[] = [];
  for (const student of new Set(cards.map((card) => card.student))) {
    const numbered = await numberedVersions(objects, student);
    const latest = await latestVersion(objects, student);
    for (const card of cards.filter((each) => each.student === student))
      listed.push({
        card,
        entry: numbered.find(({ version }) => version === card.version),
        isLatest: card.version === latest,
      });
  }
  return listed.sort((a, b) => b.card.createdAt.localeCompare(a.card.createdAt));
}

const asJson = ({ card, entry, isLatest }: Listed) => ({
  ...withVersion(card, entry),
  latest: isLatest,
});

const HEADER = [
  'STUDENT',
  'DIGEST',
  '',
  'CLASSES',
  'TEST IMAGES',
  'ACCURACY',
  'TEACHER',
  'CREATED (UTC)',
];

const SPARE = ['TEACHER', 'DIGEST', 'CREATED (UTC)', 'TEST IMAGES', 'CLASSES'].map((name) =>
  HEADER.indexOf(name),
);

const row = ({ card, entry, isLatest }: Listed): string[] => [
  `${card.student}/${entry ? `v${entry.number}` : card.version}`, // as the other commands take it
  card.version,
  isLatest ? 'latest' : '',
  String(card.classes.length),
  String(card.metrics.test.n),
  percent(card.metrics.test.accuracy),
  card.teacher.name,
  card.createdAt.slice(0, 19).replace('T', ' '),
];
