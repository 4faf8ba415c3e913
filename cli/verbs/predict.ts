import { Command } from 'commander';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import type { Answer } from '../answers.ts';
import { EXIT, Stop } from '../exit.ts';
import { findStudent } from '../find-student.ts';
import { percent, print, printJson, say, table } from '../output.ts';
import { stackOption, type Where, withPipeline } from '../with-pipeline.ts';

export const predict = (): Command =>
  new Command('predict')
    .description('ask a student what is on images')
    .argument('<student>', 'its name for the latest version, or name/version')
    .argument('<image...>', 'images: JPEG, PNG, GIF or WebP')
    .addOption(stackOption())
    .option('--json', 'print every probability as JSON')
    .action((wanted: string, images: string[], { json, ...where }: Where & { json?: boolean }) =>
      withPipeline('storage', where, async (pipeline) => {
        const card = await findStudent(pipeline.objects, wanted);
        await ensureTensorflow(say);
        // Only here: TensorFlow takes half a second to load, and the other verbs do without.
        const { answersOf } = await import('../answers.ts');
        const answers = await answersOf(pipeline, card, images);
        const read = answers.filter((answer) => 'label' in answer);
        if (json) printJson(answers);
        else if (read.length > 0) print(table(read.map(row)));
        for (const answer of answers)
          if ('problem' in answer) say(`${answer.image}: ${answer.problem}`);
        const unread = images.length - read.length;
        if (unread > 0)
          throw new Stop(EXIT.notFound, `${unread} of ${images.length} images could not be read.`);
      }),
    );

function row({ image, label, probabilities }: Answer): string[] {
  const others = Object.entries(probabilities)
    .filter(([name]) => name !== label)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([name, probability]) => `${name} ${percent(probability)}`);
  return [image, label, percent(probabilities[label] ?? 0), `(${others.join(', ')})`];
}
