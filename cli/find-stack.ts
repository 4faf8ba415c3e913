import {
  type CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { CliError, EXIT } from './cli-error.ts';

/** The outputs of infra/pipeline-stack.ts. */
export interface DeployedStack {
  bucket: string;
  table: string;
  retained: string; // the resources that are retained when the stack is deleted
  outputs: Record<string, string>;
}

/**
 * Finds a deployed pipeline by the name of its stack.
 *
 * @throws CliError not found, if there is no such stack or it is not one of ours
 */
export async function findStack(
  client: CloudFormationClient,
  StackName: string,
): Promise<DeployedStack> {
  const stack = await describe(client, StackName);
  const outputs = Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const { BucketName: bucket, JobTableName: table, RetainedResources: retained = '' } = outputs;
  if (stack && bucket && table) return { bucket, table, retained, outputs };

  const region = await client.config.region();
  const found = stack
    ? `The stack "${StackName}" is not a pipeline of Understudy, or is not deployed yet (${stack.StackStatus}).`
    : `There is no stack "${StackName}" in ${region}.`;
  throw new CliError(EXIT.notFound, `${found} "npx understudy deploy" creates one.`);
}

async function describe(
  client: CloudFormationClient,
  StackName: string,
): Promise<Stack | undefined> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks?.[0];
  } catch (error) {
    const isAbsent =
      error instanceof CloudFormationServiceException &&
      error.name === 'ValidationError' &&
      /does not exist/i.test(error.message);
    if (isAbsent) return undefined;
    throw error;
  }
}
