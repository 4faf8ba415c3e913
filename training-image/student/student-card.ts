import type { StudentCard } from '#core/card.ts';
import { augmentationOf } from '#core/recipe.ts';
import { teacherDigest } from '#core/teacher.ts';
import type { ClassCounts } from '../data/class-counts.ts';
import { RESIZE } from '../data/decode-image.ts';
import type { Metrics } from '../evaluate/metrics.ts';
import { score } from '../evaluate/predictions.ts';
import type { TrainingJob } from '../job/read-job.ts';
import type { Trained } from '../train-student.ts';

/** What a training has found out. */
export interface Training extends TrainingJob {
  contentSha256: string;
  counts: ClassCounts;
  warnings: string[];
  trained: Trained;
  metrics: Metrics;
  seconds: Record<string, number>;
  made: StudentCard['made'];
}

/** All that is known of a student but the digests of its files. */
export type CardBeforeFiles = Omit<StudentCard, 'files'>;

export function studentCard(training: Training): CardBeforeFiles {
  const { asked, manifest, recipe, entry, trained, counts, metrics } = training;
  const { student, choice, fitted, tuned } = trained;
  return {
    schema: 1,
    student: asked.student,
    version: asked.student_version,
    jobId: asked.job_id,
    createdAt: new Date().toISOString(),
    classes: manifest.header.classes,
    input: { px: entry.input.px, range: '0-255', channels: 'RGB', resize: RESIZE },
    teacher: {
      name: entry.name,
      licence: entry.licence.name,
      modelSha256: teacherDigest(entry),
    },
    freezePlan: {
      asked: recipe.regime,
      ...choice,
      frozenParameters: frozenParameters(trained, entry.backboneParameters),
      trainedParameters: student.trainedParameters,
    },
    data: {
      dataset: manifest.header.dataset,
      manifestSha256: asked.manifest_sha256,
      contentSha256: training.contentSha256,
      perClass: counts,
      warnings: [
        ...training.warnings,
        ...weightNotice(manifest.header.classes, fitted.classWeights),
      ],
    },
    metrics: {
      ...metrics,
      validation: {
        n: counts.reduce((sum, { validation }) => sum + validation, 0),
        ...score(student.validation),
        headOnly: fitted.validation,
      },
    },
    head: {
      examples: fitted.examples,
      iterations: fitted.iterations,
      l2: fitted.l2,
      classWeights: fitted.classWeights,
      trainCrossEntropy: fitted.crossEntropy,
    },
    ...(tuned && { fineTuning: fineTuning(training, tuned) }),
    seconds: training.seconds,
    made: training.made,
  };
}

const WORTH_TELLING = 1.1; // chosen: no more than rounding of the split makes

function weightNotice(names: readonly string[], weights: readonly number[]): string[] {
  const used = weights.filter((weight) => weight > 0);
  const [least, most] = [Math.min(...used), Math.max(...used)];
  if (most / least < WORTH_TELLING) return [];
  const of = (weight: number) => `${weight.toFixed(2)} ("${names[weights.indexOf(weight)]}")`;
  return [
    `The classes are uneven; in training a image counted from ${of(least)} to ${of(most)} times, so that each class has the same say.`,
  ];
}

/** Of the backbone, moving averages included. */
function frozenParameters({ student, choice }: Trained, backbone: number): number {
  if (choice.used === 'head-only') return backbone;
  const all = [...(student.topology?.weights.values() ?? [])];
  return all.reduce((sum, { length }) => sum + length, 0) - student.trainedParameters;
}

function fineTuning({ recipe }: Training, tuned: NonNullable<Trained['tuned']>) {
  const { epochs, best, stopped, batch, classWeights, examples } = tuned;
  const how = augmentationOf(recipe);
  const changes = how && (['crop', 'colour', 'flip'] as const).filter((each) => how[each]);
  return {
    regime: recipe.regime,
    examples,
    epochs,
    bestEpoch: best?.epoch ?? 0,
    stopped,
    batch,
    augmentation: changes?.join(', ') ?? 'none',
    classWeights,
    ...(best && { validation: { accuracy: best.accuracy, crossEntropy: best.crossEntropy } }),
  };
}
