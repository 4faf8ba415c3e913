import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { PipelineSettings } from '#infra/settings.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { deployedStackOption } from '../deployed-stack-option.ts';
import { info } from '../output.ts';
import { ROOT, runCdk } from '../run-cdk.ts';

interface DeployOptions {
  stack: string;
  notifyEmail?: string;
  bucketName?: string;
  instanceTypes?: string[];
  spot: boolean;
  onDemandFallback?: boolean;
  defaultMinutes?: number;
  maxConcurrentJobs?: number;
  imageUri?: string;
  ephemeral?: boolean;
  yes?: boolean;
}

export const deploy = (): Command =>
  new Command('deploy')
    .addOption(deployedStackOption())
    .option('--notify-email <address>', 'send each announcement to this address')
    .option('--bucket-name <name>', 'use an existing bucket')
    .option('--instance-types <list>', 'comma-separated, in order of preference', listOf)
    .option('--no-spot', 'use on-demand instances, which AWS does not interrupt')
    .option('--on-demand-fallback', 'on-demand instances for a job that gets no spot instance')
    .option(
      '--default-minutes <number>',
      'maximum minutes of a training job whose recipe sets none (default 60)',
      Number,
    )
    .option(
      '--max-concurrent-jobs <number>',
      'maximum concurrent training jobs (default 2)',
      Number,
    )
    .option('--image-uri <uri>', 'a training image in ECR, by digest; Docker is then not needed')
    .option('--ephemeral', 'delete bucket, table and logs with the stack: for demonstrations only')
    .option('--yes', 'do not ask for confirmation')
    .action(async ({ stack, yes, ...options }: DeployOptions) => {
      const settings = settingsFrom(await savedSettings(), options);
      if (settings.imageUri === undefined) await requireDocker();
      await runCdk([
        'deploy',
        stack,
        ...['--context', `stack=${stack}`, '--context', `understudy=${JSON.stringify(settings)}`],
        ...(yes ? ['--require-approval', 'never'] : []),
      ]);
      info(`Deployed. Train on it with: npx understudy train FOLDER --stack ${stack}`);
    });

const listOf = (list: string): string[] => list.split(',').map((each) => each.trim());

/** The settings that the user keeps in cdk.json, under context. */
async function savedSettings(): Promise<object> {
  const { context } = JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8'));
  return Object(context?.understudy);
}

/** @throws CliError that names every invalid setting */
function settingsFrom(
  saved: object,
  { spot, ...named }: Omit<DeployOptions, 'stack' | 'yes'>,
): PipelineSettings {
  const settings = { ...saved, ...named, ...(spot ? {} : { spot: false }) };
  const { error } = PipelineSettings.safeParse(settings);
  if (!error) return settings;
  const lines = error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new CliError(
    EXIT.usage,
    ['The settings of the pipeline are invalid:', ...new Set(lines)].join('\n'),
  );
}

async function requireDocker(): Promise<void> {
  try {
    await promisify(execFile)('docker', ['version', '--format', '{{.Server.Version}}']);
  } catch {
    const sentence =
      'The training image is built with Docker, which is not running here. Start Docker, or give an image in ECR with --image-uri (see docs/deploy.md).';
    throw new CliError(EXIT.usage, sentence);
  }
}
