import { createInterface } from 'node:readline/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { Command } from 'commander';
import { studentVersion } from '#core/identity.ts';
import { FINAL } from '#core/job-progress.ts';
import { count } from '#core/quantities.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { connectToStack } from '../connect.ts';
import { deployedStackOption } from '../deployed-stack-option.ts';
import { emptyBucket } from '../empty-bucket.ts';
import { explainAwsError } from '../explain-aws-error.ts';
import { type DeployedStack, findStack } from '../find-stack.ts';
import { info } from '../output.ts';
import { runCdk } from '../run-cdk.ts';

export const destroy = (): Command =>
  new Command('destroy')
    .addOption(deployedStackOption())
    .option('--yes', 'do not ask for confirmation')
    .action(async ({ stack, yes }: { stack: string; yes?: boolean }) => {
      const deployed = await requireIdle(stack).catch((error: unknown) => {
        throw explainAwsError(error);
      });
      info(retentionNotice(deployed));
      if (!yes && !(await confirmed(stack))) throw new CliError(EXIT.usage, 'Nothing was changed.');

      // CloudFormation does not delete a bucket that is not empty.
      if (deployed.retained === 'nothing') {
        const pipeline = await connectToStack(stack);
        const removed = await emptyBucket(pipeline.s3, deployed.bucket);
        info(`Deleted ${count(removed)} objects from ${deployed.bucket}.`);
      }
      await runCdk(['destroy', stack, '--force', '--context', `stack=${stack}`]);
    });

/** @throws CliError while jobs are running: nothing would stop their training jobs, or publish their students */
async function requireIdle(stack: string): Promise<DeployedStack> {
  const deployed = await findStack(new CloudFormationClient(), stack);
  const { allJobs } = await connectToStack(stack);
  const open = (await allJobs()).filter(
    ({ progress, run }) => !FINAL.has(progress.state) || run?.ended === false,
  );
  if (open.length === 0) return deployed;
  const names = open.map(({ name, id }) => `${name} (${studentVersion(id)})`).join(', ');
  const sentence = `Jobs are still running: ${names}. Wait for them, or cancel them with: npx understudy cancel JOB --stack ${stack}`;
  throw new CliError(EXIT.usage, sentence);
}

function retentionNotice({ bucket, table, retained }: DeployedStack): string {
  if (retained === 'nothing') {
    return `Nothing is kept: all datasets, students and jobs in ${bucket} and ${table} are deleted.`;
  }
  if (retained === 'bucket') return `The bucket ${bucket} is kept: it existed before.`;
  return [
    'These are kept with their content, and are billed for storage:',
    `  the bucket ${bucket}; once its old versions are deleted, remove it with: aws s3 rb --force s3://${bucket}`,
    `  the job table ${table}; remove it with: aws dynamodb delete-table --table-name ${table}`,
    '  the log groups of the Lambda functions; log lines expire after three months',
  ].join('\n');
}

async function confirmed(stack: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new CliError(
      EXIT.usage,
      'Confirmation required, but stdin is not a terminal; pass --yes.',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Type ${stack} to delete it: `);
  terminal.close();
  return answer.trim() === stack;
}
