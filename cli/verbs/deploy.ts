import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { DEFAULT_STACK, PipelineSettings } from '#infra/settings.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { info } from '../output.ts';
import { ROOT, runCdk } from '../run-cdk.ts';

interface DeployOptions {
  stack: string;
  notifyEmail?: string;
  bucketName?: string;
  instanceTypes?: string[];
  spot: boolean;
  maxConcurrentJobs?: number;
  imageUri?: string;
  ephemeral?: boolean;
  yes?: boolean;
}

export const deploy = (): Command =>
  new Command('deploy')
    .description('put the pipeline on AWS, or bring a deployed one up to date')
    .option('--stack <name>', 'the name of its stack', DEFAULT_STACK)
    .option('--notify-email <address>', 'gets a mail for each announcement')
    .option('--bucket-name <name>', 'a bucket that is there already')
    .option('--instance-types <list>', 'in the order of preference, with commas', listOf)
    .option('--no-spot', 'take instances that AWS does not take back')
    .option('--max-concurrent-jobs <number>', 'trainings at the same time', Number)
    .option('--image-uri <uri>', 'a training image in ECR by its digest; then Docker is not needed')
    .option('--ephemeral', 'bucket, table and logs go with the stack: for demonstrations only')
    .option('--yes', 'ask nothing')
    .action(async ({ stack, yes, ...wishes }: DeployOptions) => {
      const settings = settingsFrom(await writtenSettings(), wishes);
      if (settings.imageUri === undefined) await needDocker();
      await runCdk([
        'deploy',
        stack,
        ...['--context', `stack=${stack}`, '--context', `understudy=${JSON.stringify(settings)}`],
        ...(yes ? ['--require-approval', 'never'] : []),
      ]);
      info(`npx understudy train FOLDER --stack ${stack} trains there.`);
    });

const listOf = (list: string): string[] => list.split(',').map((each) => each.trim());

/** What cdk.json says under context, which is where settings can be kept. */
async function writtenSettings(): Promise<object> {
  const { context } = JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8'));
  return Object(context?.understudy);
}

/** @throws CliError that names every wrong setting */
function settingsFrom(
  written: object,
  { spot, ...named }: Omit<DeployOptions, 'stack' | 'yes'>,
): PipelineSettings {
  const settings = { ...written, ...named, ...(spot ? {} : { spot: false }) };
  const { error } = PipelineSettings.safeParse(settings);
  if (!error) return settings;
  const lines = error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new CliError(
    EXIT.usage,
    ['The settings of the pipeline are wrong:', ...new Set(lines)].join('\n'),
  );
}

async function needDocker(): Promise<void> {
  try {
    await promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}']);
  } catch {
    const sentence =
      'The training image is built with Docker, and none predictions here. Start it, or name an image that is in ECR with --image-uri (docs/deploy.md).';
    throw new CliError(EXIT.usage, sentence);
  }
}
