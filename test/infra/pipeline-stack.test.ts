import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROWS_WITH_ANNOUNCEMENTS, STAGES, VALIDATED_ROWS } from '#core/wiring.ts';
import { parseSettings } from '#infra/settings.ts';
import {
  AnnouncementVariables,
  environment,
  LaunchVariables,
  PipelineVariables,
  SweepVariables,
  TrainingVariables,
  ValidationVariables,
} from '#lambdas/environment.ts';
import { stuckJobsMetric } from '#lambdas/sweep-jobs/stuck-jobs-metric.ts';
import { asText } from './permissions.ts';
import { IMAGE, synthesise } from './synthesise.ts';

let template: ReturnType<typeof synthesise>;
beforeAll(() => {
  template = synthesise({ notifyEmail: 'ada@example.com' });
});

const resources = (type: string, of = template) => Object.entries(of.findResources(type));

describe('the stack', () => {
  it('keeps bucket and table when it goes, and protects them meanwhile', () => {
    template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'RetainExceptOnCreate' });
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'RetainExceptOnCreate', // a first deployment that fails leaves nothing behind
      Properties: {
        DeletionProtectionEnabled: Match.absent(), // with it, the table of a failed first deployment would stay
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
        TimeToLiveSpecification: Match.absent(),
      },
    });
  });

  it('leaves nothing behind when it is ephemeral', () => {
    const ephemeral = synthesise({ ephemeral: true });

    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup']) {
      ephemeral.allResources(type, { DeletionPolicy: 'Delete' });
    }
  });

  it('shows the bucket to nobody, and speaks TLS only', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  });

  it('has no resource that CloudFormation itself would have to run', () => {
    expect(resources('Custom::S3BucketNotifications')).toEqual([]);
    expect(resources('AWS::CloudFormation::CustomResource')).toEqual([]);
    expect(resources('AWS::Lambda::Function')).toHaveLength(5); // the stages, and no hidden one
  });

  it('takes a bucket that is there already', () => {
    const imported = synthesise({ bucketName: 'my-own-bucket' });

    expect(resources('AWS::S3::Bucket', imported)).toEqual([]);
    imported.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { detail: { bucket: { name: ['my-own-bucket'] } } },
    });
  });

  it.each([
    ['an instance type', { instanceTypes: ['g4dn.xlarge'] }],
    ['an address', { notifyEmail: 'ada' }],
    ['an image without its digest', { imageUri: 'repo/image:latest' }],
    ['a number of minutes', { defaultMinutes: 0 }],
    ['a field', { notifyMail: 'ada@example.com' }],
  ])('refuses %s that is wrong, by its name', (_, settings) => {
    expect(() => parseSettings(settings)).toThrow(Object.keys(settings)[0]);
  });
});

describe('the way of a dataset', () => {
  const FUNCTIONS = [
    'validatedataset',
    'launchtraining',
    'publishstudent',
    'announcejob',
    'sweepjobs',
  ];
  const functionOf = (stage: string) => {
    const found = resources('AWS::Lambda::Function').find(([id]) =>
      id.includes(`${stage}Function`),
    );
    if (!found) throw new Error(`no function of ${stage}`);
    return found[1].Properties;
  };

  it.each(FUNCTIONS)('%s runs Node 22 on ARM with a log and a role of its own', (stage) => {
    const { Runtime, Architectures, LoggingConfig, Role } = functionOf(stage);

    expect([Runtime, Architectures]).toEqual(['nodejs22.x', ['arm64']]);
    expect(JSON.stringify(LoggingConfig)).toContain(stage);
    expect(JSON.stringify(Role)).toContain(stage);
  });

  it.each([
    ['validatedataset', PipelineVariables.extend(ValidationVariables.required().shape)],
    [
      'launchtraining',
      PipelineVariables.extend(TrainingVariables.shape).extend(LaunchVariables.shape),
    ],
    ['publishstudent', PipelineVariables.extend(TrainingVariables.shape)],
    ['announcejob', PipelineVariables.extend(AnnouncementVariables.shape)],
    [
      'sweepjobs',
      PipelineVariables.extend(TrainingVariables.shape)
        .extend(LaunchVariables.shape)
        .extend(AnnouncementVariables.shape)
        .extend(ValidationVariables.required().shape)
        .extend(
          SweepVariables.required().omit({
            SWEEP_AHEAD_SECONDS: true,
            RETRY_REFUSED_SECONDS: true,
            QUIET_SECONDS: true,
          }).shape,
        ),
    ],
  ])('%s gets every variable that its handler reads', (stage, schema) => {
    const { Variables } = functionOf(stage).Environment;
    const known = Object.entries(Variables).map(([name, value]) => [
      name,
      name === 'TRAINING_ROLE' ? 'arn:aws:iam::1:role/r' : asText(value),
    ]);

    expect(() => environment(schema, Object.fromEntries(known))).not.toThrow();
  });

  it('reserves no concurrency, which an account with a quota of 10 has not to give', () => {
    for (const [, { Properties }] of resources('AWS::Lambda::Function'))
      expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(functionOf('sweepjobs').Environment.Variables.SWEEP_LEASE_SECONDS).toBe(
      String(STAGES['sweep-jobs'].timeoutSeconds),
    );
  });

  it('begins with uploads of this bucket, and goes on with our training jobs only', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        detail: {
          object: { key: [{ prefix: 'datasets/' }] },
          bucket: { name: [Match.anyValue()] },
        },
      },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.sagemaker'],
        detail: { TrainingJobName: [{ prefix: 'understudy-' }] },
      },
    });
  });

  it.each([
    ['validated rows', VALIDATED_ROWS, 'launch-training'],
    ['rows with announcements', ROWS_WITH_ANNOUNCEMENTS, 'announce-job'],
  ] as const)(
    'takes %s from the stream, reports single failures, and gives up into a dead-letter queue',
    (_, pattern, stage) => {
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        FilterCriteria: { Filters: [{ Pattern: JSON.stringify(pattern) }] },
        BatchSize: STAGES[stage].batchSize,
        BisectBatchOnFunctionError: STAGES[stage].bisectBatchOnFunctionError,
        MaximumRetryAttempts: STAGES[stage].maximumRetryAttempts,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      });
    },
  );

  it('hides a message for six times the timeout of its stage, and gives it up as STAGES says', () => {
    const queues = resources('AWS::SQS::Queue').filter(
      ([, { Properties }]) => Properties.RedrivePolicy,
    );

    expect(queues).toHaveLength(2);
    for (const [, { Properties }] of queues) {
      expect(Properties.VisibilityTimeout).toBe(6 * 900);
      expect(Properties.RedrivePolicy.maxReceiveCount).toBe(
        STAGES['validate-dataset'].maxReceiveCount,
      );
    }
    template.resourcePropertiesCountIs(
      'AWS::Lambda::EventSourceMapping',
      { ScalingConfig: { MaximumConcurrency: STAGES['validate-dataset'].maxConcurrency } },
      2,
    );
  });

  it('ends with a sentence on a topic, by mail where an address is given', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['understudy'] },
      Targets: [
        Match.objectLike({
          InputTransformer: { InputPathsMap: Match.anyValue(), InputTemplate: Match.anyValue() },
        }),
      ],
    });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'ada@example.com',
    });
  });

  it('is swept every five minutes, with alarms', () => {
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(5 minutes)' });
    expect(resources('AWS::CloudWatch::Alarm')).toHaveLength(6);
    // The quiet period of folders without a seal is the sweeper's alone, and five minutes.
    const { QUIET_SECONDS } = functionOf('sweepjobs').Environment.Variables;
    expect(environment(SweepVariables, { QUIET_SECONDS }).QUIET_SECONDS).toBe(300);
    const { METRICS_NAMESPACE } = functionOf('sweepjobs').Environment.Variables;
    const told = JSON.parse(stuckJobsMetric(METRICS_NAMESPACE, 'the table', 1));
    const [metric] = told._aws.CloudWatchMetrics;
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: metric.Namespace,
      MetricName: metric.Metrics[0].Name,
      Dimensions: [{ Name: metric.Dimensions[0][0] }],
    });
    expect(told[metric.Metrics[0].Name]).toBe(1);
  });

  it('trains with the image that it is given, by its digest', () => {
    expect(functionOf('launchtraining').Environment.Variables.TRAINING_IMAGE).toBe(IMAGE);
  });
});

const hasCfnLint = (() => {
  try {
    execFileSync('cfn-lint', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('SKIPPED: cfn-lint is not installed, the template is not linted\n');
    return false;
  }
})();

describe('cfn-lint', () => {
  it.runIf(hasCfnLint)(
    'finds nothing in the template',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'understudy-template-'));
      const file = join(folder, 'template.json');
      writeFileSync(file, JSON.stringify(template.toJSON()));
      try {
        // W3005: the CDK says dependencies twice.
        execFileSync('cfn-lint', ['--ignore-checks', 'W3005', '--', file], { encoding: 'utf8' });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    60_000,
  );
});
