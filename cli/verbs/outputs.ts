import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { Command } from 'commander';
import { deployedStackOption } from '../deployed-stack-option.ts';
import { explainAwsError } from '../explain-aws-error.ts';
import { findStack } from '../find-stack.ts';
import { table } from '../layout.ts';
import { out, outJson } from '../output.ts';

export const outputs = (): Command =>
  new Command('outputs')
    .addOption(deployedStackOption())
    .option('--json', 'print the outputs of the stack as JSON')
    .action(async ({ stack, json }: { stack: string; json?: boolean }) => {
      const found = await findStack(new CloudFormationClient(), stack).catch((error: unknown) => {
        throw explainAwsError(error);
      });
      if (json) outJson(found.outputs);
      else out(table(Object.entries(found.outputs)));
    });
