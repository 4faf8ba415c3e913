import type { StudentCard } from '#core/card.ts';
import { augmentationOf, type Recipe } from '#core/recipe.ts';
import { teacherDigest } from '#core/teacher.ts';
import type { ClassCounts } from '../data/class-counts.ts';
import { RESIZE } from '../data/decode-image.ts';
import type { Metrics } from '../evaluate/metrics.ts';
import { type Predictions, score } from '../evaluate/predictions.ts';
import type { Teacher } from '../features/load-teacher.ts';
import type { PlannedTuning } from '../fine-tune/tune-as-planned.ts';
import type { FittedHead, JudgedHeads } from '../head/fit-head.ts';
import type { TrainingJob } from '../job/read-job.ts';
import type { Choice } from '../plan/choose-student.ts';
import type { TrainedStudent } from './trained-student.ts';

/** What a training has found out. */
export interface Findings {
  job: TrainingJob;
  teacher: Pick<Teacher, 'entry' | 'px'>;
  plan: StudentCard['plan'];
  contentSha256: string;
  counts: ClassCounts;
  warnings: readonly string[];
  folds: number; // of the cross-validation
  heads: JudgedHeads; // on frozen features, for comparison
  head: FittedHead; // of the student, if it is head-only
  fineTuning: PlannedTuning | undefined;
  choice: Choice;
  judged: Predictions; // for images that the students compared were not trained on
  refit: boolean;
  student: TrainedStudent;
  metrics: Metrics;
  timings: Readonly<Record<string, number>>; // seconds
  environment: StudentCard['environment'];
}

/** The card of a student, without the digests of its files. */
export type CardWithoutFiles = Omit<StudentCard, 'files'>;

export function studentCard(findings: Findings): CardWithoutFiles {
  const { job, counts, heads, head, fineTuning, choice, judged, student, metrics } = findings;
  const { hyperparameters, manifest, recipe } = job;
  const { entry, px } = findings.teacher;
  return {
    schema: 2,
    student: hyperparameters.student,
    version: hyperparameters.student_version,
    jobId: hyperparameters.job_id,
    createdAt: new Date().toISOString(),
    classes: manifest.header.classes,
    input: { px, range: '0-255', channels: 'RGB', resize: RESIZE },
    teacher: {
      name: entry.name,
      licence: entry.licence.name,
      modelSha256: teacherDigest(entry),
    },
    freezePlan: {
      requested: recipe.regime,
      used: choice.used,
      why: choice.why,
      frozenParameters: frozenParameters(student, choice, entry.backboneParameters),
      trainedParameters: student.trainedParameters,
    },
    ...(findings.plan && { plan: findings.plan }),
    data: {
      dataset: manifest.header.dataset,
      manifestSha256: hyperparameters.manifest_sha256,
      contentSha256: findings.contentSha256,
      perClass: counts,
      warnings: [
        ...findings.warnings,
        ...weightWarning(manifest.header.classes, head.classWeights),
      ],
      ...origin(manifest.header),
    },
    metrics: {
      ...metrics,
      validation: {
        n: judged.labels.length,
        ...score(judged),
        headOnly: score(heads.predictions),
      },
      ...(metrics.test.method === 'cross-validation' && {
        crossValidation: { folds: findings.folds, accuracies: [...heads.accuracies] },
      }),
    },
    refit: findings.refit,
    head: {
      examples: head.examples,
      iterations: head.iterations,
      l2: head.l2,
      labelSmoothing: head.smoothing,
      classWeights: head.classWeights,
      trainCrossEntropy: head.crossEntropy,
    },
    ...(fineTuning && { fineTuning: fineTuningSection(recipe, fineTuning) }),
    timings: findings.timings,
    environment: findings.environment,
  };
}

/** What validation said of the upload: what it was taken for, and what was left out of it. */
function origin({ takenFor, lists, leftOut }: Findings['job']['manifest']['header']) {
  return {
    ...(takenFor !== undefined && { takenFor }),
    ...(lists && { lists }),
    ...(leftOut && { leftOut }),
  };
}

const WORTH_A_WARNING = 1.5; // chosen

function weightWarning(classes: readonly string[], weights: readonly number[]): string[] {
  const used = weights.filter((weight) => weight > 0);
  const [least, most] = [Math.min(...used), Math.max(...used)];
  if (most / least < WORTH_A_WARNING) return [];
  const example = (weight: number) =>
    `${weight.toFixed(2)} ("${classes[weights.indexOf(weight)]}")`;
  return [
    `The classes are uneven: training weighted each image by ${example(least)} to ${example(most)}, so that every class has the same total weight.`,
  ];
}

/** Of the backbone, moving averages included. */
function frozenParameters(student: TrainedStudent, { used }: Choice, backbone: number): number {
  if (used === 'head-only') return backbone;
  const all = [...(student.topology?.weights.values() ?? [])];
  return all.reduce((sum, { length }) => sum + length, 0) - student.trainedParameters;
}

function fineTuningSection(
  recipe: Recipe,
  tuned: PlannedTuning,
): NonNullable<StudentCard['fineTuning']> {
  const { regime, outcome, predictions, examples, classWeights, splits, mirroring } = tuned;
  const { epochs, stopped, batchSize, curve } = outcome;
  const how = augmentationOf(recipe, mirroring.allowed);
  const augmentations = how && (['crop', 'colour', 'flip'] as const).filter((each) => how[each]);
  return {
    regime,
    examples,
    epochs,
    stopped,
    batchSize,
    augmentation: augmentations?.join(', ') ?? 'none',
    classWeights: [...classWeights],
    splits,
    mirroring,
    contenders: tuned.contenders.map((each) => ({ ...each, loss: finite(each.loss) })),
    ...(predictions && { validation: score(predictions) }),
    curve: [...curve],
  };
}

/** JSON has no infinity: the loss of a training that diverged is left out. */
const finite = (loss: number) => (Number.isFinite(loss) ? loss : null);
