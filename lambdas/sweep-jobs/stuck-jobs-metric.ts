export const STUCK_JOBS = { metric: 'StuckJobs', dimension: 'JobTable' } as const;

/**
 * A line of the log that CloudWatch makes a metric of, without a call and without a right.
 * Source: CloudWatch's embedded metric format.
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
