import { describe, expect, it } from 'vitest';
import {
  environment,
  LaunchVariables,
  launchSettings,
  PipelineVariables,
  SweepVariables,
  TrainingVariables,
  ValidationVariables,
} from '#lambdas/environment.ts';

describe('environment', () => {
  it('names every variable that is missing or wrong', () => {
    expect(() => environment(PipelineVariables, { BUCKET: 'b' })).toThrow(
      /BUCKET[\s\S]*JOB_TABLE|JOB_TABLE[\s\S]*BUCKET/,
    );
  });

  it('reads lists, numbers and switches', () => {
    const schema = LaunchVariables.extend(TrainingVariables.shape);
    const variables = environment(schema, {
      INSTANCE_TYPES: 'ml.g4dn.xlarge,ml.g5.xlarge',
      TEACHERS_IN_IMAGE: 'efficientnet-lite0',
      DEFAULT_MINUTES: '10',
      MAX_CONCURRENT_JOBS: '2',
      TRAINING_IMAGE: 'i@sha256:0',
      TRAINING_ROLE: 'arn:aws:iam::1:role/t',
      SPOT: 'false',
    });

    expect(variables).toMatchObject({
      INSTANCE_TYPES: ['ml.g4dn.xlarge', 'ml.g5.xlarge'],
      TEACHERS_IN_IMAGE: ['efficientnet-lite0'],
      DEFAULT_MINUTES: 10,
      MAX_CONCURRENT_JOBS: 2,
      SPOT: false,
    });
    expect(launchSettings(variables)).toEqual({
      image: 'i@sha256:0',
      role: 'arn:aws:iam::1:role/t',
    });
  });

  it('has defaults for what may be left out', () => {
    expect(environment(ValidationVariables, {})).toEqual({});
    expect(environment(SweepVariables, {})).toEqual({
      SWEEP_AHEAD_SECONDS: 0,
      RETRY_REFUSED_SECONDS: 60,
      QUIET_SECONDS: 300,
    });
  });
});
