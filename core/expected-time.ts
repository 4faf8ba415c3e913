import { duration, timeOfDay } from './quantities.ts';

/**
 * The seconds that a training expects to take from the plan on. The trainer prints them as a line of the log before it
 * spends them, and the CLI reads them there.
 */
export interface ExpectedTime {
  features: number; // decoding, and the frozen part of the network, for all images
  fineTuning: number; // all of them together; 0 if only the head is trained
  rest: number; // head, test and export
}

export const expectedTimeLine = ({ features, fineTuning, rest }: ExpectedTime): string =>
  `expects features=${Math.ceil(features)} fine-tuning=${Math.ceil(fineTuning)} rest=${Math.ceil(rest)}`;

/** @returns `undefined` for all other lines */
export function parseExpectedTime(line: string): ExpectedTime | undefined {
  const match = /^expects features=(\d+) fine-tuning=(\d+) rest=(\d+)$/.exec(line.trim());
  if (!match) return undefined;
  const [features = 0, fineTuning = 0, rest = 0] = match.slice(1).map(Number);
  return { features, fineTuning, rest };
}

export const totalSeconds = ({ features, fineTuning, rest }: ExpectedTime): number =>
  features + fineTuning + rest;

/**
 * What a training will take, and when it will be over.
 *
 * @param printed when the trainer printed the line
 * @param timeZone IANA name; by default that of this machine
 */
export function describeExpectedTime(
  expected: ExpectedTime,
  printed: Date,
  timeZone?: string,
): string {
  const { features, fineTuning, rest } = expected;
  const seconds = totalSeconds(expected);
  const ready = timeOfDay(new Date(printed.getTime() + 1000 * seconds), printed, timeZone);
  const parts = [
    `${duration(features)} for the features`,
    ...(fineTuning > 0 ? [`${duration(fineTuning)} for fine-tuning`] : []),
    `${duration(rest)} for the rest`,
  ];
  return `about ${duration(seconds)} (${parts.join(', ')}); ready at about ${ready}`;
}
