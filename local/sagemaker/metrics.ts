import type { Metric } from './record.ts';
import type { CreateTrainingJobRequest } from './requests.ts';

/** Reads a job's metrics from its log lines: the last value of each, as in FinalMetricDataList. */
export function metricReader(request: CreateTrainingJobRequest, before: readonly Metric[]) {
  const definitions = (request.AlgorithmSpecification.MetricDefinitions ?? []).map(
    (definition) => ({
      name: definition.Name,
      pattern: new RegExp(definition.Regex),
    }),
  );
  const latest = new Map(before.map((metric) => [metric.name, metric]));

  return {
    read(line: string, at: Date) {
      for (const { name, pattern } of definitions) {
        const text = pattern.exec(line)?.[1];
        const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
        if (Number.isFinite(value)) latest.set(name, { name, value, at: at.toISOString() });
      }
    },
    list: (): Metric[] => [...latest.values()],
  };
}
