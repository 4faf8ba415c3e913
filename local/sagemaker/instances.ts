import type { CreateTrainingJobRequest } from './requests.ts';

/** Whether there is an instance of a type now. On one machine there always is; tests say otherwise. */
export type HasInstance = (instanceType: string, spot: boolean) => boolean;

/** There is no on-demand instance of any type that was asked for. The message is SageMaker's. */
export class NoInstance extends Error {
  override name = 'NoInstance';
  constructor() {
    super(
      'Unable to provision requested ML compute capacity. Please retry using a different ML instance type.',
    );
  }
}

/** The instance types that a training job may run on, in order of preference. */
export const instanceTypesOf = ({ ResourceConfig }: CreateTrainingJobRequest): string[] =>
  ResourceConfig.InstancePreferences?.map(({ InstanceType }) => InstanceType) ?? [
    ResourceConfig.InstanceType ?? '',
  ];

/**
 * The instance that a training job gets.
 *
 * @returns `undefined` while there is no spot instance, for which SageMaker waits
 * @throws NoInstance where there is no on-demand instance, for which it does not
 */
export function instanceFor(
  request: CreateTrainingJobRequest,
  hasInstance: HasInstance,
): string | undefined {
  const spot = request.EnableManagedSpotTraining === true;
  const type = instanceTypesOf(request).find((each) => hasInstance(each, spot));
  if (type === undefined && !spot) throw new NoInstance();
  return type;
}
