import type { StudentCard } from '#core/card.ts';
import { teacherDigest } from '#core/teacher.ts';
import type { ClassCounts } from '../data/class-counts.ts';
import { RESIZE } from '../data/decode-picture.ts';
import type { FittedHead } from '../head/fit-head.ts';
import type { TrainingJob } from '../job/read-job.ts';
import type { Measures } from '../measure.ts';

/** What a training has found out. */
export interface Training extends TrainingJob {
  readSha256: string;
  counts: ClassCounts;
  notices: string[];
  fitted: FittedHead;
  measures: Measures;
  seconds: Record<string, number>;
  made: StudentCard['made'];
}

/** All that is known of a student but the digests of its files. */
export type CardBeforeFiles = Omit<StudentCard, 'files'>;

export function studentCard(training: Training): CardBeforeFiles {
  const { asked, manifest, recipe, entry, fitted, counts, measures } = training;
  const { head } = fitted;
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
      used: 'head-only',
      why: 'This version trains the head only; every layer of the teacher stays as it was, to the last bit.',
      frozenParameters: entry.trunkParameters,
      trainedParameters: head.kernel.length + head.bias.length + 2 * entry.features.size,
    },
    data: {
      dataset: manifest.header.dataset,
      manifestSha256: asked.manifest_sha256,
      readSha256: training.readSha256,
      perClass: counts,
      notices: training.notices,
    },
    measures: {
      ...measures,
      validation: {
        n: counts.reduce((sum, { validation }) => sum + validation, 0),
        accuracy: fitted.validationAccuracy,
      },
    },
    head: {
      examples: fitted.examples,
      iterations: fitted.iterations,
      l2: fitted.l2,
      classWeights: fitted.classWeights,
      trainLossNats: fitted.lossNats,
    },
    seconds: training.seconds,
    made: training.made,
  };
}
