import pc from 'picocolors';
import type { StudentCard } from '#core/card.ts';
import { judgedOn, meaningOfFigures } from '#core/judged-in-words.ts';
import { studentKeys } from '#core/keys.ts';
import { leftOutInWords } from '#core/left-out-in-words.ts';
import {
  CANDIDATE_HEADER,
  candidateRows,
  headInput,
  profile,
  reasonForSize,
  similarityInWords,
  teacherView,
} from '#core/plan-in-words.ts';
import { count, duration, percent } from '#core/quantities.ts';
import {
  fineTuningSummary,
  mirroringReason,
  raceSummary,
  trainedPart,
} from '#core/training-in-words.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { paragraph, table } from './layout.ts';
import { studentInWords, versionComparedInWords } from './student-versions.ts';

/** The report on a student: its classes, its metrics beside the version before, its plan, what was trained and why, the time it took, its location. */
export function describeStudent(
  card: StudentCard,
  { bucket }: { bucket: string },
  entry: NumberedVersion | undefined,
): string {
  const compared = entry && versionComparedInWords(entry);
  const seconds = Object.entries(card.timings).map(
    ([step, taken]) => `${step} ${taken.toFixed(1)} s`,
  );
  return [
    `Student ${pc.bold(studentInWords(card, entry))}`,
    '',
    classTable(card),
    '',
    ...metricLines(card),
    ...(compared ? [paragraph(compared)] : []),
    ...planLines(card),
    '',
    ...trainingLines(card),
    ...card.data.warnings.map((warning) => paragraph(`Note: ${warning}`)),
    ...(card.data.takenFor ? [paragraph(`The upload was taken for ${card.data.takenFor}.`)] : []),
    ...(card.data.leftOut ?? []).map((each) => paragraph(`Left out: ${leftOutInWords(each)}.`)),
    paragraph(`Training time: ${seconds.join(', ')}`),
    `Location: s3://${bucket}/${studentKeys(card.student, card.version).prefix}`,
  ].join('\n');
}

function classTable({ data, metrics }: StudentCard): string {
  const isHeldOut = metrics.test.method === 'hold-out';
  const rows = data.perClass.map(({ name, train, validation, test }, i) => {
    const results = metrics.perClass[i];
    return [
      `  ${name}`,
      ...(isHeldOut ? [train, validation, test] : [train]).map(count),
      results ? `${count(results.correct)} of ${count(results.n)}` : '',
      results ? percent(results.f1) : '',
    ];
  });
  const parts = isHeldOut ? ['TRAIN', 'VALIDATION', 'TEST'] : ['IMAGES'];
  return table([['  CLASS', ...parts, 'CORRECT', 'F1'], ...rows]);
}

function metricLines(card: StudentCard): string[] {
  const { test, calibration, majorityBaseline } = card.metrics;
  const preposition = test.method === 'hold-out' ? 'on' : 'in';
  const meaning = meaningOfFigures(card);
  return [
    `Accuracy ${preposition} ${judgedOn(card)}: ${pc.bold(percent(test.accuracy))} (${interval(test.interval95)}; majority baseline ${percent(majorityBaseline)})`,
    `Balanced accuracy ${percent(test.balancedAccuracy.value)} (${interval(test.balancedAccuracy.interval95)}); macro-F1 ${percent(test.macroF1.value)} (${interval(test.macroF1.interval95)})`,
    `Expected calibration error ${percent(calibration.after.ece)} (temperature ${calibration.temperature.toFixed(2)}; ${percent(calibration.before.ece)} without). ${calibration.why}`,
    ...(meaning ? [meaning] : []),
  ].map((sentence) => paragraph(sentence));
}

const interval = ([low, high]: readonly [number, number]): string =>
  `95% interval ${(100 * low).toFixed(1)}–${percent(high)}`;

/** Nothing for a student of an earlier version, which had no plan. */
function planLines({ plan, ...rest }: StudentCard): string[] {
  if (!plan) return [];
  const card = { ...rest, plan };
  const rows = [CANDIDATE_HEADER, ...candidateRows(card)].map(([name, ...cells]) => [
    `  ${name}`,
    ...cells,
  ]);
  return [
    '',
    `${pc.bold('Plan')}, measured on ${count(plan.images)} images in ${duration(plan.seconds)}`,
    '',
    table(rows),
    '',
    ...planSentences(card),
  ];
}

/** Without the empty ones, of what was not measured. */
function planSentences(card: StudentCard & { plan: NonNullable<StudentCard['plan']> }): string[] {
  const { bars, peak, kappa } = profile(card);
  return [
    reasonForSize(card),
    headInput(card),
    `Similarity to what the teacher knows: ${similarityInWords(card)} (κ of a probe on its last features: 0 is chance, 1 is perfect).`,
    `κ of each block's output, from the first to the last: ${bars}; the peak is block ${peak} of ${card.plan.perBlock.length} (κ ${kappa.toFixed(2)}).`,
    teacherView(card),
  ]
    .filter((sentence) => sentence !== '')
    .map((sentence) => paragraph(sentence));
}

function trainingLines({ freezePlan, teacher, fineTuning }: StudentCard): string[] {
  const { frozenParameters, trainedParameters, why } = freezePlan;
  const reasons = fineTuning ? [raceSummary(fineTuning), mirroringReason(fineTuning)] : [];
  return [
    `${pc.bold('Trained')}: ${trainedPart(freezePlan)}; ${count(frozenParameters)} parameters of ${teacher.name} frozen, ${count(trainedParameters)} trained. ${why}`,
    ...(fineTuning ? [`Fine-tuning: ${fineTuningSummary(fineTuning)}.`] : []),
    ...reasons.filter((reason) => reason !== ''),
  ].map((sentence) => paragraph(sentence));
}
