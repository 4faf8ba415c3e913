import pc from 'picocolors';
import type { StudentCard } from '#core/card.ts';
import { meaningOfFigures } from '#core/judged-in-words.ts';
import { duration } from '#core/quantities.ts';
import { trainedPart } from '#core/training-in-words.ts';
import { verdictOn } from '#core/verdict.ts';
import { paragraph, table } from './layout.ts';
import type { Target } from './stack-option.ts';
import { givenState, STATE_OPTION } from './state-option.ts';

/** What a person wants to know when a training has ended: how good the student is, how it was made, and what to do next. */
export function summariseStudent(
  card: StudentCard,
  images: readonly string[],
  target: Target,
): string {
  const { headline, details } = verdictOn(card);
  const { freezePlan, teacher, input, plan, timings, data } = card;
  const meaning = meaningOfFigures(card);
  const seconds = Object.values(timings).reduce((sum, each) => sum + each, 0);
  const measured = plan ? `, ${duration(plan.seconds)} of it to measure and decide` : '';
  return [
    `${pc.bold(card.student)}, version ${card.version}`,
    '',
    paragraph(pc.bold(headline)),
    ...[...details, ...(meaning ? [meaning] : [])].map((detail) => paragraph(detail, 2)),
    '',
    paragraph(
      `Trained in ${duration(seconds)}${measured}: ${trainedPart(freezePlan)}, on ${teacher.name} at ${input.px} px.`,
    ),
    paragraph(freezePlan.why, 2),
    ...data.warnings.map((warning) => paragraph(`${pc.yellow('Note')}: ${warning}`)),
    '',
    nextSteps(card.student, images, target),
  ].join('\n');
}

function nextSteps(student: string, images: readonly string[], { stack }: Target): string {
  const name = quote(student);
  const state = givenState();
  const option = [
    stack === undefined ? '' : ` --stack ${quote(stack)}`,
    state === undefined ? '' : ` ${STATE_OPTION} ${quote(state)}`,
  ].join('');
  const commands = [
    ['Classify images', `predict ${name} ${images.map(quotePath).join(' ') || 'IMAGE...'}`],
    ['See all that was measured', `report ${name}`],
    ['Download the files', `download ${name} FOLDER`],
  ];
  return table(
    commands.map(([what = '', command = '']) => [what, `npx understudy ${command}${option}`]),
  );
}

/** The same for a path, which must not look like an option. */
const quotePath = (path: string): string => quote(path.startsWith('-') ? `./${path}` : path);

/** Quotes a name for the shell where needed. */
const quote = (name: string): string =>
  /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
