import { Command } from 'commander';
import { info } from '../output.ts';
import { addRecipeFlags, givenFlags } from '../recipe-flags.ts';
import { stackOption } from '../stack-option.ts';
import type { TrainOptions } from '../train-dataset.ts';

export const train = (): Command => {
  const command = new Command('train')
    .argument(
      '<folder|archive>',
      'a folder with one folder of images per class, or a .zip, .tar or .tar.gz of it',
    )
    .option('--name <name>', 'name of the student (default: the name of the folder or archive)')
    .option('--recipe <file>', 'a recipe as a JSON file (default: dataset.json in the folder)')
    .option('--force', 'train again what was processed before, as a new version')
    .addOption(stackOption())
    .option('--verbose', 'print everything that was measured')
    .option('--json', 'print the job and the student as JSON');
  return addRecipeFlags(command).action(
    async (path: string, options: TrainOptions & { name?: string; recipe?: string }) => {
      info(`Reading ${path} …`); // before anything slow is loaded
      const { openDataset } = await import('../open-dataset.ts');
      const flags = givenFlags({ ...options });
      const dataset = await openDataset(path, { ...options, flags, onNotice: info });
      const { trainDataset } = await import('../train-dataset.ts');
      await trainDataset(dataset, options);
    },
  );
};
