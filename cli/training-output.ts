import type { EpochResult } from '#core/progress-line.ts';
import { describeProgress, progressBar, startEta } from './progress-bar.ts';
import type { News } from './training-log.ts';

/** The parts of its line that a step can change. */
export interface Show {
  title: string;
  output: string;
}

const QUIET_MS = 10_000; // between two lines of the same step in a log file
const INDENT = 4; // columns, that the list of steps puts before a line

/**
 * Shows the kept lines of a training's log, and below them its progress. A terminal shows every change in place; in a
 * file each change would be a line.
 *
 * @param columns of the terminal; undefined if there is none
 */
export function trainingOutput(show: Show, columns: number | undefined, now = Date.now) {
  const kept: string[] = [];
  const secondsLeft = startEta(now);
  let epoch: EpochResult | undefined;
  let progress = '';
  let last = { step: '', at: 0 };
  const draw = () => {
    show.output = [...kept, progress].filter((line) => line !== '').join('\n');
  };
  return {
    add({ lines, progress: latest, epoch: ended }: News): void {
      epoch = ended ?? epoch;
      const known = latest && { ...latest, epoch, secondsLeft: secondsLeft(latest) };
      if (columns !== undefined) {
        kept.push(...lines);
        if (known) progress = progressBar(known, columns - INDENT);
        if (lines.length > 0 || known) draw();
        return;
      }
      for (const line of lines) show.output = line;
      const time = now();
      if (!known || (known.step === last.step && time - last.at < QUIET_MS)) return;
      last = { step: known.step, at: time };
      const text = describeProgress(known);
      if (text !== progress) show.output = text;
      progress = text;
    },

    /** Leaves only the kept lines. */
    end(): void {
      progress = '';
      if (columns !== undefined) draw();
    },
  };
}
