import pc from 'picocolors';
import type { StudentCard } from '#core/card.ts';
import { meaningOfFigures } from '#core/judged-in-words.ts';
import { PREDICTIONS_FILE } from '#core/keys.ts';
import { count, duration } from '#core/quantities.ts';
import { trainedPart } from '#core/training-in-words.ts';
import { verdictOn } from '#core/verdict.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { pairs, paragraph } from './layout.ts';
import type { Target } from './stack-option.ts';
import { givenState, STATE_OPTION } from './state-option.ts';
import { studentInWords, versionComparedInWords } from './student-versions.ts';

/** What became of a student among the versions of its name. */
export interface Publication {
  entry: NumberedVersion | undefined;
  isLatest: boolean;
}

/** What a person wants to know when a training has ended: how good the student is, how it was made, and what to do next. */
export function summariseStudent(
  card: StudentCard,
  images: readonly string[],
  target: Target,
  published: Publication = { entry: undefined, isLatest: true },
): string {
  const { entry, isLatest } = published;
  const { headline, details } = verdictOn(card);
  const { freezePlan, teacher, input, plan, timings, data } = card;
  const sentences = [
    entry && versionComparedInWords(entry),
    ...details,
    wrongAnswers(card),
    meaningOfFigures(card),
  ];
  const seconds = Object.values(timings).reduce((sum, each) => sum + each, 0);
  const measured = plan ? `, ${duration(plan.seconds)} of it to measure and decide` : '';
  return [
    pc.bold(studentInWords(card, entry)),
    '',
    paragraph(pc.bold(headline)),
    ...sentences.flatMap((each) => (each ? [paragraph(each, 2)] : [])),
    '',
    paragraph(
      `Trained in ${duration(seconds)}${measured}: ${trainedPart(freezePlan)}, on ${teacher.name} at ${input.px} px.`,
    ),
    paragraph(freezePlan.why, 2),
    ...data.warnings.map((warning) => paragraph(`${pc.yellow('Note')}: ${warning}`)),
    '',
    nextSteps(isLatest ? card.student : addressOf(card, entry), images, target),
  ].join('\n');
}

const addressOf = ({ student, version }: StudentCard, entry: NumberedVersion | undefined): string =>
  `${student}/${entry ? `v${entry.number}` : version}`;

/** Where the images are named that were not recognised; empty if there are none, or for an early student. */
function wrongAnswers({ files, metrics }: StudentCard): string {
  const wrong = metrics.test.n - metrics.test.correct;
  if (wrong === 0 || !files.some(({ path }) => path === PREDICTIONS_FILE)) return '';
  const images =
    wrong === 1 ? 'The image it got wrong is' : `The ${count(wrong)} images it got wrong are`;
  return `${images} listed in ${PREDICTIONS_FILE}, among its files.`;
}

function nextSteps(address: string, images: readonly string[], { stack }: Target): string {
  const name = quote(address);
  const state = givenState();
  const option = [
    stack === undefined ? '' : ` --stack ${quote(stack)}`,
    state === undefined ? '' : ` ${STATE_OPTION} ${quote(state)}`,
  ].join('');
  const commands: [string, string][] = [
    ['Classify images', `predict ${name} ${images.map(quotePath).join(' ') || 'IMAGE...'}`],
    ['See the report', `report ${name} --open`],
    ['Download the files', `download ${name} FOLDER`],
  ];
  return pairs(commands.map(([what, command]) => [what, `npx understudy ${command}${option}`]));
}

/** The same for a path, which must not look like an option. */
const quotePath = (path: string): string => quote(path.startsWith('-') ? `./${path}` : path);

/** Quotes a name for the shell where needed. */
const quote = (name: string): string =>
  /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
