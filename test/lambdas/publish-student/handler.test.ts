import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeTrainingJobCommand,
  SageMakerClient,
  SageMakerServiceException,
} from '@aws-sdk/client-sagemaker';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowId } from '#lambdas/aws/jobs.ts';
import { STAGE_VARIABLES } from '../stage-variables.ts';

mockClient(DynamoDBClient);
const dynamo = mockClient(DynamoDBDocumentClient);
const sageMaker = mockClient(SageMakerClient);
beforeAll(() => Object.assign(process.env, STAGE_VARIABLES));

const eventOf = (TrainingJobName: string): SQSEvent => ({
  Records: [{ messageId: 'm', body: JSON.stringify({ detail: { TrainingJobName } }) } as SQSRecord],
});

describe('the publish-student Lambda', () => {
  it('asks SageMaker for the job of a training job, and looks at that job', async () => {
    const { handler } = await import('#lambdas/publish-student/handler.ts');
    const jobId = 'a'.repeat(64);
    sageMaker
      .on(DescribeTrainingJobCommand)
      .resolves({ TrainingJobStatus: 'InProgress', HyperParameters: { job_id: jobId } });
    dynamo.on(GetCommand).resolves({});

    const answer = await handler(eventOf('understudy-pets-a1'), {} as Context);

    expect(answer).toEqual({ batchItemFailures: [] });
    const keys = dynamo.commandCalls(GetCommand).map(({ args }) => args[0].input.Key);
    expect(keys).toEqual([{ row: rowId(jobId) }]);
  });

  it('ignores a training job that does not exist, and reports an event it cannot read', async () => {
    const { handler } = await import('#lambdas/publish-student/handler.ts');
    const unknown = { name: 'ResourceNotFound', $fault: 'client', $metadata: {} } as const;
    sageMaker.on(DescribeTrainingJobCommand).rejects(new SageMakerServiceException(unknown));

    const answer = await handler(eventOf('understudy-pets-a1'), {} as Context);
    expect(answer).toEqual({ batchItemFailures: [] });

    const unreadable = { Records: [{ messageId: 'm', body: '{}' } as SQSRecord] };
    const failed = await handler(unreadable, {} as Context);
    expect(failed.batchItemFailures).toEqual([{ itemIdentifier: 'm' }]);
  });
});
