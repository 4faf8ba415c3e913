import { Command } from 'commander';
import { percent } from '#core/quantities.ts';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { findStudent } from '../find-student.ts';
import { table } from '../layout.ts';
import { info, out, outJson, warn } from '../output.ts';
import type { Prediction } from '../predict-images.ts';
import { stackOption, type Target } from '../stack-option.ts';
import { withLibrary } from '../with-pipeline.ts';

export const predict = (): Command =>
  new Command('predict')
    .argument('<student>', 'its name (the latest version) or name/version')
    .argument('<image...>', 'JPEG, PNG, GIF or WebP files')
    .addOption(stackOption())
    .option('--json', 'print every probability as JSON')
    .action((wanted: string, images: string[], { json, ...target }: Target & { json?: boolean }) =>
      withLibrary(target, async (library) => {
        const card = await findStudent(library.objects, wanted);
        await ensureTensorflow(info);
        // Imported only here: TensorFlow takes half a second to load, and the other commands do not need it.
        const { predictImages } = await import('../predict-images.ts');
        const predictions = await predictImages(library, card, images);
        const read = predictions.filter((prediction) => 'label' in prediction);
        if (json) outJson(predictions);
        else if (read.length > 0) out(table(read.map(row)));
        for (const prediction of predictions)
          if ('problem' in prediction) warn(`${prediction.image}: ${prediction.problem}`);
        const unread = images.length - read.length;
        if (unread > 0)
          throw new CliError(
            EXIT.notFound,
            `${unread} of ${images.length} images could not be read.`,
          );
      }),
    );

function row({ image, label, probabilities }: Prediction): string[] {
  const others = Object.entries(probabilities)
    .filter(([name]) => name !== label)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([name, probability]) => `${name} ${percent(probability)}`);
  return [image, label, percent(probabilities[label] ?? 0), `(${others.join(', ')})`];
}
