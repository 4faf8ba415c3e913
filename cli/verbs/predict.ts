import { Command } from 'commander';
import type { StudentCard } from '#core/card.ts';
import { IMAGE_KINDS_IN_WORDS } from '#core/image-kinds.ts';
import { count, percent } from '#core/quantities.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { findStudent, STUDENT_ARGUMENT } from '../find-student.ts';
import { table } from '../layout.ts';
import { info, out, outJson, warn } from '../output.ts';
import type { Prediction } from '../predict-images.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { numberedVersion, studentInWords } from '../student-versions.ts';
import { withLibrary } from '../with-pipeline.ts';

export const predict = (): Command =>
  new Command('predict')
    .argument('<student>', STUDENT_ARGUMENT)
    .argument('<image...>', `${IMAGE_KINDS_IN_WORDS} files`)
    .addOption(stackOption())
    .option('--json', 'print every probability as JSON')
    .action((wanted: string, images: string[], { json, ...target }: Target & { json?: boolean }) =>
      withLibrary(target, async (library) => {
        const card = await findStudent(library.objects, wanted);
        const entry = await numberedVersion(library.objects, card);
        info(whoAnswers(card, entry));
        await ensureTensorflow(info);
        // Imported only here: TensorFlow takes half a second to load, and the other commands do not need it.
        const { predictImages } = await import('../predict-images.ts');
        const predictions = await predictImages(library, card, images);
        const read = predictions.filter((prediction) => 'label' in prediction);
        if (json) outJson(predictions.map((each) => ({ ...each, ...answeredBy(card, entry) })));
        else if (read.length > 0) out(table(read.map(row)));
        for (const prediction of predictions)
          if ('problem' in prediction) warn(`${prediction.image} ${prediction.problem}`);
          else if (prediction.note) info(`${prediction.image} ${prediction.note}.`);
        const unread = images.length - read.length;
        if (unread > 0)
          throw new CliError(
            EXIT.notFound,
            `${unread} of ${images.length} images could not be read.`,
          );
      }),
    );

/** `pets v2 (0a1b2c3d4e5f), 94 of 100 right in its test, trained 2026-11-26` */
export function whoAnswers(card: StudentCard, entry: NumberedVersion | undefined): string {
  const { n, correct } = card.metrics.test;
  const tested = n === 0 ? 'not tested' : `${count(correct)} of ${count(n)} right in its test`;
  return `${studentInWords(card, entry)}, ${tested}, trained ${card.createdAt.slice(0, 10)}`;
}

const answeredBy = ({ student, version }: StudentCard, entry: NumberedVersion | undefined) => ({
  student,
  version,
  ...(entry && { number: entry.number }),
});

function row({ image, label, probabilities }: Prediction): string[] {
  const others = Object.entries(probabilities)
    .filter(([name]) => name !== label)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([name, probability]) => `${name} ${percent(probability)}`);
  return [image, label, percent(probabilities[label] ?? 0), `(${others.join(', ')})`];
}
