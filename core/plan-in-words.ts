import type { StudentCard } from './card.ts';
import { FREEZE_THRESHOLDS, peakOf } from './freeze-policy.ts';
import { percent } from './quantities.ts';

/** What is said of a student's plan, in the CLI's report and in the student's README. */
type Plan = NonNullable<StudentCard['plan']>;
type Card = Pick<StudentCard, 'teacher' | 'input' | 'classes'> & { plan: Plan };
type Candidate = Plan['candidates'][number];

/** The row of the table of candidates for each teacher and size: teacher, size, accuracy, time, remark. */
export function candidateRows({ plan, teacher, input }: Card): string[][] {
  return [
    ...plan.candidates.map((each) => [
      each.teacher,
      `${each.px} px`,
      `${percent(each.accuracy)} ± ${(100 * each.standardError).toFixed(1)}`,
      milliseconds(each.secondsPerImage),
      each.teacher === teacher.name && each.px === input.px ? 'chosen' : '',
    ]),
    ...plan.tooExpensive.map((each) => [
      each.teacher,
      `${each.px} px`,
      'not tried',
      '',
      'too slow for the budget',
    ]),
  ];
}

export const CANDIDATE_HEADER = ['TEACHER', 'INPUT', 'ACCURACY', 'TIME PER IMAGE', ''];

const NEARLY_PERFECT = 0.98; // chosen: from here on, what was left to gain explains why nothing larger was tried

/** What the chosen teacher and size save or gain, compared with the others that were tried; a sentence or two. */
export function reasonForSize({ plan, teacher, input }: Card): string {
  const isChosen = (each: { teacher: string; px: number }) =>
    each.teacher === teacher.name && each.px === input.px;
  const chosen = plan.candidates.find(isChosen);
  if (!chosen) return '';
  const others = plan.candidates.filter((each) => !isChosen(each));
  const isCheaper = (each: Candidate) => each.secondsPerImage < chosen.secondsPerImage;
  const cheaper = mostAccurate(others.filter(isCheaper));
  const dearer = mostAccurate(others.filter((each) => !isCheaper(each)));
  const sentences: string[] = [];
  if (cheaper) {
    const gained = cheaper.accuracy <= chosen.accuracy ? 'gains' : 'loses';
    sentences.push(
      `Compared with ${nameOf(cheaper)}, it ${gained} ${points(chosen, cheaper)} and takes ${times(chosen, cheaper)} as long.`,
    );
  }
  if (dearer) {
    const gained = dearer.accuracy >= chosen.accuracy ? 'gained' : 'lost';
    sentences.push(
      `${nameOf(dearer)} would have ${gained} ${points(dearer, chosen)} and taken ${times(dearer, chosen)} as long.`,
    );
  }
  if (!dearer && plan.tooExpensive.length === 0 && chosen.accuracy >= NEARLY_PERFECT) {
    sentences.push(
      `Nothing larger was tried: there were at most ${points({ accuracy: 1 }, chosen)} left to gain.`,
    );
  }
  return sentences.join(' ');
}

const mostAccurate = (candidates: readonly Candidate[]): Candidate | undefined =>
  [...candidates].sort((a, b) => b.accuracy - a.accuracy)[0];

const nameOf = ({ teacher, px }: Candidate): string => `${teacher} at ${px} px`;

const points = (a: Pick<Candidate, 'accuracy'>, b: Pick<Candidate, 'accuracy'>): string =>
  `${Math.abs(100 * (a.accuracy - b.accuracy)).toFixed(1)} points`;

const times = (a: Candidate, b: Candidate): string =>
  `${(a.secondsPerImage / b.secondsPerImage).toFixed(1)} times`;

const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;

/** What the head is given, and what that brings compared with the last features alone. */
export function headInput({ plan }: Card): string {
  const { set, about, tried } = plan.features;
  const [chosen, last] = [set, 'last'].map((id) => tried.find((each) => each.set === id));
  const compared =
    chosen && last && set !== 'last'
      ? `: ${percent(chosen.accuracy)} in cross-validation, ${percent(last.accuracy)} with the last features alone`
      : '';
  return `The head is given ${about}${compared}.`;
}

const BARS = '▁▂▃▄▅▆▇█';

/** κ of each block as a bar, from the first block to the last, and where it peaks. */
export function profile({ plan, classes }: Card): { bars: string; peak: number; kappa: number } {
  const { perBlock, standardError } = plan;
  const bars = perBlock.map(
    (kappa) => BARS[Math.min(BARS.length - 1, Math.max(0, Math.floor(BARS.length * kappa)))],
  );
  const peak = peakOf(perBlock, standardError / (1 - 1 / classes.length));
  return { bars: bars.join(''), peak: peak + 1, kappa: perBlock[peak] ?? 0 };
}

const { similar, different } = FREEZE_THRESHOLDS;
const MIDDLE = (similar + different) / 2; // chosen

/** How similar the images are to those the teacher was trained on, as far as its last features can tell. */
export function similarityInWords({ plan }: Card): string {
  const { similarity } = plan;
  const words =
    similarity >= similar
      ? 'very similar'
      : similarity >= MIDDLE
        ? 'similar'
        : similarity >= different
          ? 'less similar'
          : 'very different';
  return `${similarity.toFixed(2)}, ${words}`;
}

const NAMED = 5; // classes, at most; chosen

/** What the first few classes look like to the teacher; empty if that was not measured. */
export function teacherView({ plan }: Card): string {
  const nearest = plan.teacherView?.nearest ?? [];
  const [first, ...others] = nearest.flatMap(({ name, similar: [most] }) =>
    most ? [{ name, most: most.name }] : [],
  );
  if (!first) return '';
  const more = others.slice(0, NAMED - 1).map(({ name, most }) => `, "${name}" like "${most}"`);
  return `To the teacher, "${first.name}" looks most like "${first.most}"${more.join('')}.`;
}
