import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  ResourceInUse,
  SageMakerClient,
  SageMakerServiceException,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { type LaunchRefused, NoCapacity, type Training, type TrainingRequest } from '#ports';
import { observationOf } from './training-observation.ts';
import { refusalOf, together } from './training-refusals.ts';
import { createRequest, type LaunchSettings } from './training-request.ts';

/** SageMaker on AWS, or of the local pipeline. */
export function sageMakerTraining(
  settings: LaunchSettings,
  client = new SageMakerClient(),
): Training {
  return {
    async start(request) {
      const { instanceTypes, spot } = request;
      // Of on-demand instances, SageMaker itself finds the first type that it has. But it refuses a list for any one of
      // its types, so each is tried by itself as well. A refused creation leaves no training job behind.
      if (!spot && instanceTypes.length > 1) {
        const started = await create(request, instanceTypes);
        if ('instanceType' in started) return started.instanceType;
      }
      const refusals: (NoCapacity | LaunchRefused)[] = [];
      for (const instanceType of instanceTypes) {
        const started = await create(request, [instanceType]);
        if ('instanceType' in started) return started.instanceType;
        refusals.push(started.refusal);
      }
      throw together(refusals);
    },

    async describe(TrainingJobName) {
      try {
        const described = await client.send(new DescribeTrainingJobCommand({ TrainingJobName }));
        const jobId = described.HyperParameters?.job_id ?? '';
        const endedAt = described.TrainingEndTime?.toISOString();
        const observation = observationOf(TrainingJobName, described);
        return { jobId, observation, ...(endedAt && { endedAt }) };
      } catch (error) {
        if (isUnknown(error)) return undefined;
        throw error;
      }
    },

    async stop(TrainingJobName) {
      try {
        await client.send(new StopTrainingJobCommand({ TrainingJobName }));
      } catch (error) {
        // "The request was rejected because the training job is in status …": it has ended already.
        const hasEnded =
          error instanceof SageMakerServiceException && error.name === 'ValidationException';
        if (!hasEnded) throw error;
      }
    },
  };

  async function create(
    request: TrainingRequest,
    instanceTypes: readonly string[],
  ): Promise<Started | { refusal: NoCapacity | LaunchRefused }> {
    const only = instanceTypes.length === 1 ? instanceTypes[0] : undefined;
    try {
      const input = createRequest(settings, request, instanceTypes);
      await client.send(new CreateTrainingJobCommand(input));
      return { instanceType: only };
    } catch (error) {
      if (error instanceof ResourceInUse)
        return adopt(request.trainingJobName, request.job.id, only);
      return { refusal: refusalOf(error, instanceTypes.join(', ')) };
    }
  }

  /**
   * The name is taken: an earlier try has succeeded, unless the training job belongs to something else. If there is none,
   * another launcher has just failed to create it.
   */
  async function adopt(
    TrainingJobName: string,
    jobId: string,
    asked: string | undefined,
  ): Promise<Started | { refusal: NoCapacity }> {
    const described = await client
      .send(new DescribeTrainingJobCommand({ TrainingJobName }))
      .catch((error: unknown) => {
        if (!isUnknown(error)) throw error;
      });
    if (!described) {
      const refusal = new NoCapacity('capacity', 'The training job could not be created yet.');
      return { refusal };
    }
    if (described.HyperParameters?.job_id !== jobId)
      throw new Error(`the training job name ${TrainingJobName} is taken by something else`);
    const { instanceType } = observationOf(TrainingJobName, described);
    return { instanceType: instanceType ?? asked };
  }
}

/** The instance type is unknown until SageMaker has chosen one of several. */
interface Started {
  instanceType: string | undefined;
}

const isUnknown = (error: unknown): boolean =>
  error instanceof SageMakerServiceException &&
  (error.name === 'ResourceNotFound' ||
    (error.name === 'ValidationException' && /not found/i.test(error.message)));
