import type { DescribeTrainingJobResponse } from '@aws-sdk/client-sagemaker';
import type { TrainingObservation } from '#core/job.ts';
import type { TrainingStep } from '#core/job-progress.ts';
import type { Usage } from '#core/job-run.ts';
import { parseFailure } from '#core/training-contract.ts';

const STOPPED = {
  Stopped: {
    code: 'STOPPED',
    what: 'The training job was stopped.',
    remedy: 'Retry the job if that was not intended.',
  },
  MaxRuntimeExceeded: {
    code: 'MAX_RUNTIME',
    what: 'Training took longer than the budget allows.',
    remedy:
      'Set a higher budget.minutes or budget.dollars in the recipe, whichever was reached, or choose a faster instance type.',
  },
  MaxWaitTimeExceeded: {
    code: 'MAX_WAIT',
    what: 'AWS took the spot instance back, and had no other one long enough.',
    remedy:
      'Retry the job: it goes on from its last checkpoint. Or choose another instance type in the recipe.',
  },
};

/** The observation for each status of a training job. */
export function observationOf(
  trainingJobName: string,
  described: DescribeTrainingJobResponse,
): TrainingObservation {
  const { TrainingJobStatus, SecondaryStatus, ModelArtifacts, FailureReason } = described;
  const run = { trainingJobName, ...usageOf(described) };
  switch (TrainingJobStatus) {
    case 'Completed': {
      const artifacts = ModelArtifacts?.S3ModelArtifacts ?? '';
      return { type: 'training-completed', ...run, artifacts };
    }
    case 'Failed':
      if (/^(CapacityError|InsufficientCapacity)/i.test(FailureReason ?? '')) {
        const reason = FailureReason?.replace(/^CapacityError: /, '') ?? '';
        return { type: 'training-no-capacity', ...run, reason };
      }
      return { type: 'training-failed', ...run, ...parseFailure(FailureReason) };
    case 'Stopped': {
      if (SecondaryStatus === 'MaxWaitTimeExceeded' && !hasTrained(described)) {
        const reason = `AWS had no spot instance of ${run.instanceType ?? 'this type'}${spotWait(described)}.`;
        return { type: 'training-no-capacity', ...run, reason };
      }
      const reason = STOPPED[SecondaryStatus as keyof typeof STOPPED] ?? STOPPED.Stopped;
      return { type: 'training-failed', ...run, ...reason };
    }
    default:
      return SecondaryStatus === 'Interrupted'
        ? { type: 'training-interrupted', ...run }
        : { type: 'training-running', ...run, ...stepOf(described) };
  }
}

const usageOf = ({ ResourceConfig, BillableTimeInSeconds }: DescribeTrainingJobResponse): Usage => {
  // Of several types, SageMaker names the one that it has chosen.
  const instanceType = ResourceConfig?.SelectedInstanceType ?? ResourceConfig?.InstanceType;
  return {
    ...(instanceType && { instanceType }),
    ...(BillableTimeInSeconds !== undefined && { billedSeconds: BillableTimeInSeconds }),
  };
};

/** What a training job does before and after it trains, and SageMaker's last sentence on that. */
function stepOf({
  SecondaryStatus,
  SecondaryStatusTransitions,
}: DescribeTrainingJobResponse): TrainingStep {
  if (SecondaryStatus === undefined || SecondaryStatus === 'Training') return {};
  const message = SecondaryStatusTransitions?.at(-1)?.StatusMessage;
  return { step: SecondaryStatus, ...(message && { message }) };
}

const hasTrained = ({
  BillableTimeInSeconds = 0,
  SecondaryStatusTransitions = [],
}: DescribeTrainingJobResponse): boolean =>
  BillableTimeInSeconds > 0 ||
  SecondaryStatusTransitions.some(({ Status }) => Status === 'Training');

function spotWait({ StoppingCondition }: DescribeTrainingJobResponse): string {
  const seconds = StoppingCondition?.MaxWaitTimeInSeconds;
  return seconds === undefined ? '' : ` within ${Math.round(seconds / 60)} minutes`;
}
