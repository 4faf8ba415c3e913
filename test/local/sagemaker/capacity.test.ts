import { describe, expect, it } from 'vitest';
import { wantedInstances } from '#core/capacity.ts';
import { advance, type Job } from '#core/job.ts';
import { sageMakerTraining } from '#lambdas/aws/training.ts';
import { refusal } from '#local/events/aws-json.ts';
import { noon } from '#test/uploads.ts';
import { anAcceptedJob, putInputs } from './launches.ts';
import { runningS3, runningSageMaker } from './running-sagemaker.ts';

const TYPES = ['ml.g4dn.xlarge', 'ml.g5.xlarge'];
const ROLE = 'arn:aws:iam::000000000000:role/understudy-trainer';
const ROUNDS = 6;

/** Launches a job again and again, as the stages do, until it has trained; each launch as `type spot` or `type on-demand`. */
async function launchesOf(
  isThere: (instanceType: string, spot: boolean, launch: number) => boolean,
  spot: boolean | 'fallback',
) {
  const s3 = await runningS3();
  await putInputs(s3);
  let launch = 0;
  const { client, ended } = await runningSageMaker({
    s3: s3.client,
    hasInstance: (type, isSpot) => isThere(type, isSpot, launch),
  });
  const training = sageMakerTraining({ image: 'reports', role: ROLE }, client);
  const seen: string[] = [];
  let job: Job = anAcceptedJob('a'.repeat(64));
  for (launch = 1; launch <= ROUNDS; launch++) {
    const trainingJobName = `understudy-pets-a${launch}`;
    job = advance(job, { type: 'launch-started', trainingJobName, attempt: launch }, noon);
    const wanted = { ...wantedInstances(TYPES, spot, job.starved), maxSpotWaitSeconds: 1 };
    await training.start({
      ...{ job, trainingJobName, ...wanted },
      teacherChannel: 'teachers/tiny/',
      budget: { minutes: 0.1 },
    });
    await ended(trainingJobName);
    const described = await training.describe(trainingJobName);
    if (!described) throw new Error(`${trainingJobName} is gone`);
    job = advance(job, described.observation, noon);
    seen.push(
      `${job.run?.instanceType ?? wanted.instanceTypes.join(' or ')} ${wanted.spot ? 'spot' : 'on demand'}`,
    );
    if (job.progress.state !== 'waiting') break;
  }
  return { launches: seen, job };
}

describe('a job for which there is no instance at first', () => {
  it.each([
    ['the preferred type is there', true, () => true, ['ml.g4dn.xlarge spot']],
    [
      'only the other type is there as spot',
      true,
      (type: string) => type === 'ml.g5.xlarge',
      ['ml.g4dn.xlarge spot', 'ml.g5.xlarge spot'],
    ],
    [
      'a drought that passes',
      true,
      (_type: string, _spot: boolean, launch: number) => launch > 2,
      ['ml.g4dn.xlarge spot', 'ml.g5.xlarge spot', 'ml.g4dn.xlarge spot'],
    ],
    [
      'no spot instances, but the first type on demand',
      'fallback',
      (_type: string, spot: boolean) => !spot,
      ['ml.g4dn.xlarge spot', 'ml.g5.xlarge spot', 'ml.g4dn.xlarge on demand'],
    ],
    [
      'on demand, SageMaker finds the second type by itself',
      false,
      (type: string) => type === 'ml.g5.xlarge',
      ['ml.g5.xlarge on demand'],
    ],
  ] as const)(
    '%s (spot: %s)',
    async (_, spot, isThere, expected) => {
      const { launches, job } = await launchesOf(isThere, spot);

      expect(launches).toEqual(expected);
      expect(job.progress.state).toBe('trained');
      expect(job.starved).toBeUndefined();
    },
    60_000,
  );

  it('waits, and never fails, as long as there is none', async () => {
    const { launches, job } = await launchesOf(() => false, false);

    expect(launches).toHaveLength(ROUNDS);
    expect(job.progress).toMatchObject({
      state: 'waiting',
      waitingFor: 'capacity',
      reason: expect.stringContaining('Unable to provision requested ML compute capacity'),
    });
  }, 60_000);
});

describe('a training job that a policy of the account forbids', () => {
  it('is refused in the words of AWS', async () => {
    const s3 = await runningS3();
    await putInputs(s3);
    const message =
      'User is not authorized to perform sagemaker:CreateTrainingJob with an explicit deny';
    const { client } = await runningSageMaker({
      s3: s3.client,
      refuse: () => refusal('AccessDeniedException', message),
    });
    const training = sageMakerTraining({ image: 'reports', role: ROLE }, client);
    const request = {
      job: anAcceptedJob('a'.repeat(64)),
      trainingJobName: 'understudy-pets-a1',
      teacherChannel: undefined,
      budget: { minutes: 1 },
      ...wantedInstances(TYPES, true),
    };

    await expect(training.start(request)).rejects.toMatchObject({
      name: 'LaunchRefused',
      message: expect.stringContaining(message),
    });
  });
});
