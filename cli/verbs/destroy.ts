import { createInterface } from 'node:readline/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { Command } from 'commander';
import { FINAL } from '#core/job.ts';
import { DEFAULT_STACK } from '#infra/settings.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { connectToStack } from '../connect.ts';
import { emptyBucket } from '../empty-bucket.ts';
import { explainAwsError } from '../explain-aws-error.ts';
import { type DeployedStack, findStack } from '../find-stack.ts';
import { count, info } from '../output.ts';
import { runCdk } from '../run-cdk.ts';

export const destroy = (): Command =>
  new Command('destroy')
    .description('take a deployed pipeline away, and say what stays')
    .option('--stack <name>', 'the name of its stack', DEFAULT_STACK)
    .option('--yes', 'ask nothing')
    .action(async ({ stack, yes }: { stack: string; yes?: boolean }) => {
      const deployed = await look(stack).catch((error: unknown) => {
        throw explainAwsError(error);
      });
      info(whatStays(deployed));
      if (!yes && !(await agreed(stack))) throw new CliError(EXIT.usage, 'Nothing was changed.');

      // CloudFormation removes no bucket that has something in it.
      if (deployed.keeps === 'nothing') {
        const pipeline = await connectToStack(stack);
        const removed = await emptyBucket(pipeline.s3, deployed.bucket);
        info(`Removed ${count(removed)} objects of ${deployed.bucket}.`);
      }
      await runCdk(['destroy', stack, '--force', '--context', `stack=${stack}`]);
    });

/** @throws CliError while trainings are under way: nobody would stop them, or see their students, any more */
async function look(stack: string): Promise<DeployedStack> {
  const deployed = await findStack(new CloudFormationClient(), stack);
  const { allJobs } = await connectToStack(stack);
  const open = (await allJobs()).filter(
    ({ progress, run }) => !FINAL.has(progress.state) || run?.ended === false,
  );
  if (open.length === 0) return deployed;
  const names = open.map(({ name, id }) => `${name} (${id.slice(0, 12)})`).join(', ');
  const sentence = `Not done yet: ${names}. Wait for them, or end them with npx understudy cancel JOB --stack ${stack}.`;
  throw new CliError(EXIT.usage, sentence);
}

function whatStays({ bucket, table, keeps }: DeployedStack): string {
  if (keeps === 'nothing') {
    return `Nothing stays: every dataset and student in ${bucket} goes too, and all rows.`;
  }
  if (keeps === 'bucket') return `The bucket ${bucket} stays as it is: it was there before.`;
  return [
    'These stay, with all that is in them, and cost what they store:',
    `  the bucket ${bucket}: aws s3 rb --force s3://${bucket} removes it once its versions are gone`,
    `  the job table ${table}: switch its deletion protection off, then aws dynamodb delete-table --table-name ${table}`,
    "  the stages' log groups, for three months after their last line",
  ].join('\n');
}

async function agreed(stack: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new CliError(EXIT.usage, 'Nobody is here to ask; say --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Type ${stack} to take it away: `);
  terminal.close();
  return answer.trim() === stack;
}
