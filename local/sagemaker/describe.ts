import type { BusEventInput } from '../events/bus.ts';
import { ACCOUNT, REGION } from '../names.ts';
import { arnOf, type JobRecord, nameOf } from './record.ts';

/** The response of DescribeTrainingJob; times are in seconds since 1970, as in the AWS JSON protocol. */
export function describe(record: JobRecord) {
  const { Tags: _, ...request } = record.request;
  return { ...request, ...describedFields(record, (time) => Date.parse(time) / 1000) };
}

/** A job in the response of ListTrainingJobs. */
export function summarize(record: JobRecord) {
  const seconds = (time: string) => Date.parse(time) / 1000;
  return {
    TrainingJobName: nameOf(record),
    TrainingJobArn: arnOf(nameOf(record)),
    CreationTime: seconds(record.createdAt),
    LastModifiedTime: seconds(record.modifiedAt),
    ...(record.endedAt && { TrainingEndTime: seconds(record.endedAt) }),
    TrainingJobStatus: record.status,
    SecondaryStatus: record.step,
  };
}

/** EventBridge's "SageMaker Training Job State Change"; its times are milliseconds since 1970. */
export function stateChange(record: JobRecord): BusEventInput {
  const tags = (record.request.Tags ?? []).map(({ Key, Value }) => [Key, Value]);
  return {
    source: 'aws.sagemaker',
    'detail-type': 'SageMaker Training Job State Change',
    account: ACCOUNT,
    region: REGION,
    resources: [arnOf(nameOf(record))],
    detail: {
      ...record.request,
      ...describedFields(record, (time) => Date.parse(time)),
      Tags: Object.fromEntries(tags),
    },
  };
}

function describedFields(record: JobRecord, time: (iso: string) => number) {
  const { startedAt, endedAt, artifacts, failureReason, ranSeconds, metrics } = record;
  const { ResourceConfig } = record.request;
  const seconds = Math.ceil(ranSeconds);
  return {
    TrainingJobArn: arnOf(nameOf(record)),
    // Of several types, SageMaker names the one that it has chosen.
    ...(ResourceConfig.InstancePreferences &&
      record.instanceType && {
        ResourceConfig: { ...ResourceConfig, SelectedInstanceType: record.instanceType },
      }),
    TrainingJobStatus: record.status,
    SecondaryStatus: record.step,
    CreationTime: time(record.createdAt),
    LastModifiedTime: time(record.modifiedAt),
    ...(startedAt && { TrainingStartTime: time(startedAt) }),
    ...(endedAt && { TrainingEndTime: time(endedAt) }),
    SecondaryStatusTransitions: record.transitions.map(({ step, from, to, message }) => ({
      Status: step,
      StartTime: time(from),
      ...(to && { EndTime: time(to) }),
      StatusMessage: message,
    })),
    ...(artifacts && { ModelArtifacts: { S3ModelArtifacts: artifacts } }),
    ...(failureReason && { FailureReason: failureReason }),
    ...(endedAt && { TrainingTimeInSeconds: seconds, BillableTimeInSeconds: seconds }),
    FinalMetricDataList: metrics.map(({ name, value, at }) => ({
      MetricName: name,
      Value: value,
      Timestamp: time(at),
    })),
  };
}
