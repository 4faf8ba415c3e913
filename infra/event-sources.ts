import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { STAGES } from '#core/wiring.ts';
import type { Stage } from './stage.ts';

/** Rule → queue → stage. After five receives a message moves to the dead-letter queue. */
export function queueInFrontOf(
  scope: Construct,
  stage: Stage<'validate-dataset' | 'publish-student'>,
  id: string,
  pattern: EventPattern & { 'detail-type': string[] },
): void {
  const { timeoutSeconds, batchSize, maxReceiveCount, maxConcurrency } = STAGES[stage.name];
  const queue = new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(6 * timeoutSeconds), // AWS recommends six times the function's timeout
    deadLetterQueue: { queue: stage.deadLetters, maxReceiveCount },
  });
  const { source, detail, 'detail-type': detailType } = pattern;
  new Rule(scope, `${id}Rule`, {
    eventPattern: { ...(source && { source }), detailType, ...(detail && { detail }) },
    targets: [new SqsQueue(queue)],
  });
  const mapping = new CfnEventSourceMapping(stage, 'Mapping', {
    functionName: stage.handler.functionName,
    eventSourceArn: queue.queueArn,
    batchSize,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: maxConcurrency },
  });
  const permission = new PolicyStatement({
    actions: [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
    ],
    resources: [queue.queueArn],
  });
  mapping.node.addDependency(stage.allow(permission));
}

/** Table's stream → stage, filtered so that no stage triggers itself. */
export function streamInto(
  stage: Stage<'launch-training' | 'announce-job'>,
  table: Table,
  filter: object,
): void {
  const { batchSize, maximumRetryAttempts, bisectBatchOnFunctionError } = STAGES[stage.name];
  const mapping = new CfnEventSourceMapping(stage, 'Mapping', {
    functionName: stage.handler.functionName,
    eventSourceArn: table.tableStreamArn ?? '',
    startingPosition: 'TRIM_HORIZON',
    batchSize,
    filterCriteria: { filters: [{ pattern: JSON.stringify(filter) }] },
    bisectBatchOnFunctionError,
    maximumRetryAttempts,
    maximumRecordAgeInSeconds: 3_600, // the sweeper has handled it long before
    functionResponseTypes: ['ReportBatchItemFailures'],
    destinationConfig: { onFailure: { destination: stage.deadLetters.queueArn } },
  });
  const permission = new PolicyStatement({
    actions: ['sqs:SendMessage'],
    resources: [stage.deadLetters.queueArn],
  });
  mapping.node.addDependency(stage.allow(permission));
}
