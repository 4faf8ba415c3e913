import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { findStack } from '#cli/find-stack.ts';

const client = new CloudFormationClient({ region: 'eu-west-1' });
const aws = mockClient(client);
beforeEach(() => aws.reset());

const stack = (outputs: Record<string, string>) => ({
  StackName: 'Pets',
  StackStatus: 'CREATE_COMPLETE' as const,
  CreationTime: new Date(0),
  Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
});

describe('a deployed pipeline', () => {
  it('is found by the outputs of its stack', async () => {
    const outputs = {
      BucketName: 'b',
      JobTableName: 't',
      RetainedResources: 'nothing',
      BusName: 'n',
    };
    aws.on(DescribeStacksCommand, { StackName: 'Pets' }).resolves({ Stacks: [stack(outputs)] });

    expect(await findStack(client, 'Pets')).toEqual({
      bucket: 'b',
      table: 't',
      retained: 'nothing',
      outputs,
    });
  });

  it('is not just any stack', async () => {
    aws.on(DescribeStacksCommand).resolves({ Stacks: [stack({ WebsiteUrl: 'u' })] });

    await expect(findStack(client, 'Pets')).rejects.toMatchObject({
      exit: 6,
      message: expect.stringContaining('is not a pipeline of Understudy'),
    });
  });

  it('is missed by its name and region', async () => {
    const absent = new CloudFormationServiceException({
      name: 'ValidationError',
      message: 'Stack with id Pets does not exist',
      $fault: 'client',
      $metadata: {},
    });
    aws.on(DescribeStacksCommand).rejects(absent);

    await expect(findStack(client, 'Pets')).rejects.toMatchObject({
      exit: 6,
      message: expect.stringMatching(/"Pets" in eu-west-1.*understudy deploy/),
    });
  });
});
