export const STUCK_JOBS = { metric: 'StuckJobs', dimension: 'JobTable' } as const;

/**
 * A log line in CloudWatch's embedded metric format, from which CloudWatch makes a metric; that needs no permission.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function stuckJobsMetric(namespace: string, table: string, stuckJobs: number): string {
  const { metric, dimension } = STUCK_JOBS;
  const definition = {
    Namespace: namespace,
    Dimensions: [[dimension]],
    Metrics: [{ Name: metric, Unit: 'Count' }],
  };
  const about = { Timestamp: Date.now(), CloudWatchMetrics: [definition] };
  return JSON.stringify({ _aws: about, [dimension]: table, [metric]: stuckJobs });
}
