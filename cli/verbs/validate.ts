import { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import { info, out, outJson } from '../output.ts';
import { addRecipeFlags, givenFlags } from '../recipe-flags.ts';
import { stackOption, type Target } from '../stack-option.ts';

type Options = Target & { recipe?: string; json?: boolean };

export const validate = (): Command => {
  const command = new Command('validate')
    .argument(
      '<dataset>',
      'a folder or archive, as "train" takes it; s3://BUCKET/KEY of one in a bucket; or, with --stack, its key (datasets/…)',
    )
    .option('--recipe <file>', "a recipe as a JSON file (default: the dataset's own)")
    .addOption(stackOption())
    .option('--json', 'print the report as JSON');
  return addRecipeFlags(command).action(async (path: string, options: Options) => {
    info(`Reading ${path} …`); // before anything slow is loaded
    const { judgeAnywhere } = await import('../judge-anywhere.ts');
    const { describeReport } = await import('../describe-report.ts');
    const report = await judgeAnywhere(path, options.stack, {
      recipe: options.recipe,
      flags: givenFlags({ ...options }),
      onNotice: info,
    });
    if (options.json) outJson(report);
    else out(describeReport(report));
    if (!report.accepted) throw new CliError(EXIT.rejected, `${path} would be rejected.`);
  });
};
