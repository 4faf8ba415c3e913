import { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import { info, out, outJson } from '../output.ts';
import { addRecipeFlags, givenFlags } from '../recipe-flags.ts';

type Options = { recipe?: string; json?: boolean };

export const validate = (): Command => {
  const command = new Command('validate')
    .argument('<folder|archive>', 'a dataset, as "train" takes it')
    .option('--recipe <file>', 'a recipe as a JSON file (default: dataset.json in the folder)')
    .option('--json', 'print the report as JSON');
  return addRecipeFlags(command).action(async (path: string, options: Options) => {
    info(`Reading ${path} …`); // before anything slow is loaded
    const { openDataset } = await import('../open-dataset.ts');
    const { judgeLocal } = await import('../judge-local.ts');
    const { describeReport } = await import('../describe-report.ts');
    const flags = givenFlags({ ...options });
    const { recipe } = await openDataset(path, {
      ...options,
      flags,
      name: 'dataset',
      onNotice: info,
    });
    const report = await judgeLocal(path, recipe);
    if (options.json) outJson(report);
    else out(describeReport(report));
    if (!report.accepted) throw new CliError(EXIT.rejected, `${path} would be rejected.`);
  });
};
