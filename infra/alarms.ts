import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { SWEEP_EVERY_MINUTES } from '#core/wiring.ts';
import { STUCK_JOBS } from '#lambdas/sweep-jobs/stuck-jobs-metric.ts';
import type { Stage } from './stage.ts';

/** Alarms for messages in a dead-letter queue, a failing sweeper, and jobs that make no progress. */
export function addAlarms(
  scope: Construct,
  stages: readonly Stage[],
  sweep: Stage,
  jobTable: Table,
): void {
  const alarm = (id: string, metric: IMetric, alarmDescription: string) =>
    new Alarm(scope, id, {
      metric,
      alarmDescription,
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  for (const { node, deadLetters } of stages) {
    const metric = deadLetters.metricApproximateNumberOfMessagesVisible();
    alarm(
      `${node.id}-dead-letters`,
      metric,
      `${node.id} has given up messages: read its log, then redrive them.`,
    );
  }
  const errors = sweep.handler.metricErrors({
    period: Duration.minutes(3 * SWEEP_EVERY_MINUTES),
  });
  alarm('sweep-jobs-errors', errors, 'A swept job or upload failed: read the log of sweep-jobs.');
  const stuck = new Metric({
    namespace: Stack.of(scope).stackName,
    metricName: STUCK_JOBS.metric,
    dimensionsMap: { [STUCK_JOBS.dimension]: jobTable.tableName },
    statistic: Stats.MAXIMUM,
    period: Duration.minutes(3 * SWEEP_EVERY_MINUTES),
  });
  alarm('stuck-jobs', stuck, 'A job makes no progress: see `npx understudy status`.');
}
