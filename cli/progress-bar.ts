import type { EpochResult, TrainingProgress } from '#core/progress-line.ts';
import { count, duration, percent } from '#core/quantities.ts';

const STEPS: Record<string, string> = {
  verify: 'Verifying images',
  plan: 'Comparing teachers and image sizes on a sample',
  decode: 'Decoding images',
  features: 'Extracting features',
  head: 'Training the head',
  'fit-head': 'Training the head with the chosen settings',
  mirror: 'Trying mirrored images',
  'frozen-blocks': 'Computing the frozen blocks',
  'fine-tune': 'Fine-tuning',
  validate: 'Evaluating on held-out images',
  evaluate: 'Evaluating the student',
};

/** What is known of a step of a training. */
export interface Progress extends TrainingProgress {
  epoch: EpochResult | undefined; // the last one that ended
  secondsLeft: number | undefined; // in this step
}

/** `Fine-tuning: 1,440 of 3,200, after epoch 4: 95.0% of the validation images, 12 s left`. */
export function describeProgress(progress: Progress): string {
  const { step, done, of } = progress;
  const name = STEPS[step] ?? step;
  return [of > 1 ? `${name}: ${count(done)} of ${count(of)}` : name, ...remarks(progress)].join(
    ', ',
  );
}

const BAR = { most: 30, least: 8 }; // columns; chosen

/** The same with a bar, as far as it fits into a line of so many columns. */
export function progressBar(progress: Progress, columns: number): string {
  const { step, done, of } = progress;
  const name = STEPS[step] ?? step;
  if (of <= 1) return cut(name, columns);
  const counted = `${count(done)} of ${count(of)}`;
  const parts = [counted, ...remarks(progress)];
  while (parts.length > 1 && widthOf(name, parts) + BAR.least > columns) parts.pop();
  const room = Math.min(BAR.most, columns - widthOf(name, parts));
  if (room < BAR.least) return cut(`${name} ${counted}`, columns);
  const filled = Math.round((room * Math.min(done, of)) / of);
  return `${name} ${'█'.repeat(filled)}${'░'.repeat(room - filled)} ${parts.join(' · ')}`;
}

/** A line that is too long would be broken, and then it could not be redrawn in place. */
const cut = (line: string, columns: number): string =>
  line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;

const widthOf = (name: string, parts: readonly string[]): number =>
  name.length + parts.join(' · ').length + 2;

function remarks({ step, done, of, epoch, secondsLeft }: Progress): string[] {
  const watched =
    step === 'fine-tune' && epoch
      ? [
          epoch.validationAccuracy === undefined
            ? `epoch ${epoch.number} done`
            : `epoch ${epoch.number}: ${percent(epoch.validationAccuracy)} of the validation images correct`,
        ]
      : [];
  const isOver = of <= 1 || done >= of;
  return [
    ...(secondsLeft === undefined || isOver ? [] : [`${duration(secondsLeft)} left`]),
    ...watched,
  ];
}

const MIN_SECONDS = 2; // of a step, before its pace is known; chosen

/** Returns a function that estimates the seconds that are left in a step, by its pace so far. */
export function startEta(now: () => number) {
  let begun: { step: string; of: number; done: number; at: number } | undefined;
  let before = 0;
  return ({ step, done, of }: TrainingProgress): number | undefined => {
    const goesOn = begun?.step === step && begun.of === of && done >= before;
    before = done;
    if (!begun || !goesOn) {
      begun = { step, of, done, at: now() };
      return undefined;
    }
    const seconds = (now() - begun.at) / 1000;
    if (seconds < MIN_SECONDS || done === begun.done) return undefined;
    return (seconds * (of - done)) / (done - begun.done);
  };
}
