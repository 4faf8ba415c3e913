import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import {
  EventBus,
  EventField,
  type EventPattern,
  type IEventBus,
  Rule,
  RuleTargetInput,
  Schedule,
} from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SnsTopic, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DATASETS, handledUploadsKey, STUDENTS } from '#core/keys.ts';
import {
  ANNOUNCEMENTS,
  ROWS_WITH_ANNOUNCEMENTS,
  STAGES,
  SWEEP_EVERY_MINUTES,
  TRAININGS,
  UPLOADS,
  VALIDATED_ROWS,
} from '#core/wiring.ts';
import { STUCK_JOBS } from '#lambdas/sweep-jobs/stuck-jobs-metric.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import {
  announce,
  findOpenJobs,
  followStream,
  launchTrainings,
  readAndSaveJobs,
  readAndWriteObject,
  readObjects,
  watchTrainings,
  writeObjects,
} from './permissions.ts';
import { type ParsedSettings, type PipelineSettings, parseSettings } from './settings.ts';
import { Stage } from './stage.ts';
import { bucketOf, jobTableOf } from './storage.ts';
import { Trainer } from './trainer.ts';

/** Takes labelled datasets in `bucket`, returns trained students there, and announces them on `topic`. */
export class StudentPipeline extends Construct {
  readonly bucket: IBucket;
  readonly jobTable: Table;
  readonly bus: IEventBus;
  readonly topic: Topic;

  /** @throws Error that names every invalid setting */
  constructor(scope: Construct, id: string, given: PipelineSettings = {}) {
    super(scope, id);
    const settings = parseSettings(given);
    const { ephemeral, instanceTypes } = settings;
    const stack = Stack.of(this);

    // Storage, events and training.
    this.bucket = bucketOf(this, settings);
    this.jobTable = jobTableOf(this, settings);
    this.bus = new EventBus(this, 'Bus') as IEventBus; // the CDK's classes do not satisfy exactOptionalPropertyTypes
    const trainer = new Trainer(this, {
      bucket: this.bucket,
      imageUri: settings.imageUri,
      instanceTypes,
    });
    const { bucket, jobTable, bus } = this;

    const pipeline = { BUCKET: bucket.bucketName, JOB_TABLE: jobTable.tableName };
    const allowing = { ALLOWED_INSTANCE_TYPES: instanceTypes.join(',') };
    const training = {
      TRAINING_IMAGE: trainer.image,
      TRAINING_ROLE: trainer.role.roleArn,
      SPOT: String(settings.spot),
    };
    const launching = {
      INSTANCE_TYPES: instanceTypes.join(','),
      TEACHERS_IN_IMAGE: DEFAULT_TEACHER,
      MAX_CONCURRENT_JOBS: String(settings.maxConcurrentJobs),
    };
    const measuring = { METRICS_NAMESPACE: stack.stackName };
    const announcing = { ANNOUNCEMENT_BUS: bus.eventBusName };

    // 1. A dataset arrives → validate-dataset.
    const validate = new Stage(this, {
      stage: 'validate-dataset',
      environment: { ...pipeline, ...allowing },
      statements: [
        ...readObjects(bucket, DATASETS),
        writeObjects(bucket, 'jobs/'),
        readAndSaveJobs(jobTable),
      ],
      ephemeral,
    });
    this.queueInFrontOf(validate, 'Uploads', {
      ...UPLOADS,
      detail: { ...UPLOADS.detail, bucket: { name: [bucket.bucketName] } },
    });

    // 2. Its row is validated → launch-training, one at a time.
    const launchStatements = [
      ...readObjects(bucket, 'jobs/', 'teachers/'),
      readAndSaveJobs(jobTable),
      findOpenJobs(jobTable),
      ...launchTrainings(stack, trainer.role, instanceTypes),
      watchTrainings(stack),
    ];
    const launch = new Stage(this, {
      stage: 'launch-training',
      environment: { ...pipeline, ...training, ...launching },
      statements: [...launchStatements, ...followStream(jobTable)],
      ephemeral,
      concurrency: 1,
    });
    this.streamInto(launch, VALIDATED_ROWS);

    // 3. The training job changes its state → publish-student.
    const publishStatements = [
      ...readObjects(bucket, 'jobs/', STUDENTS),
      writeObjects(bucket, STUDENTS),
      readAndSaveJobs(jobTable),
      watchTrainings(stack),
    ];
    const publish = new Stage(this, {
      stage: 'publish-student',
      environment: { ...pipeline, ...training },
      statements: publishStatements,
      ephemeral,
    });
    this.queueInFrontOf(publish, 'Trainings', TRAININGS);

    // 4. A row has announcements → announce-job → the bus → the topic.
    const announceStage = new Stage(this, {
      stage: 'announce-job',
      environment: { ...pipeline, ...announcing },
      statements: [readAndSaveJobs(jobTable), announce(bus), ...followStream(jobTable)],
      ephemeral,
    });
    this.streamInto(announceStage, ROWS_WITH_ANNOUNCEMENTS);
    this.topic = this.topicFor(settings.notifyEmail);

    // 5. Everything that no event has moved → sweep-jobs, every few minutes.
    const sweep = new Stage(this, {
      stage: 'sweep-jobs',
      environment: {
        ...pipeline,
        ...allowing,
        ...training,
        ...launching,
        ...announcing,
        ...measuring,
      },
      statements: [
        ...readObjects(bucket, DATASETS, 'jobs/', 'teachers/', STUDENTS),
        writeObjects(bucket, 'jobs/', STUDENTS),
        readAndWriteObject(bucket, handledUploadsKey(jobTable.tableName)),
        ...launchStatements.filter(
          (statement) => !statement.actions.some((action) => action.startsWith('s3:')),
        ),
        announce(bus),
      ],
      ephemeral,
      concurrency: 1,
    });
    sweep.handler.configureAsyncInvoke({
      retryAttempts: 0, // the next sweep is the retry
      maxEventAge: Duration.minutes(SWEEP_EVERY_MINUTES),
    });
    new Rule(this, 'Sweeps', {
      schedule: Schedule.rate(Duration.minutes(SWEEP_EVERY_MINUTES)),
      targets: [new LambdaFunction(sweep.handler, { retryAttempts: 0 })],
    });

    this.alarmsOf([validate, launch, publish, announceStage], sweep);
  }

  /** Rule → queue → stage. After five receives a message moves to the dead-letter queue. */
  private queueInFrontOf(
    stage: Stage<'validate-dataset' | 'publish-student'>,
    id: string,
    pattern: EventPattern & { 'detail-type': string[] },
  ): void {
    const { timeoutSeconds, batchSize, maxReceiveCount, maxConcurrency } = STAGES[stage.name];
    const queue = new Queue(this, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(6 * timeoutSeconds), // AWS recommends six times the function's timeout
      deadLetterQueue: { queue: stage.deadLetters, maxReceiveCount },
    });
    const { source, detail, 'detail-type': detailType } = pattern;
    new Rule(this, `${id}Rule`, {
      eventPattern: { ...(source && { source }), detailType, ...(detail && { detail }) },
      targets: [new SqsQueue(queue)],
    });
    const mapping = new CfnEventSourceMapping(stage, 'Mapping', {
      functionName: stage.handler.functionName,
      eventSourceArn: queue.queueArn,
      batchSize,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: maxConcurrency },
    });
    const permission = new PolicyStatement({
      actions: [
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:ChangeMessageVisibility',
      ],
      resources: [queue.queueArn],
    });
    mapping.node.addDependency(stage.allow(permission));
  }

  /** Table's stream → stage, filtered so that no stage triggers itself. */
  private streamInto(stage: Stage<'launch-training' | 'announce-job'>, filter: object): void {
    const { batchSize, maximumRetryAttempts, bisectBatchOnFunctionError } = STAGES[stage.name];
    const mapping = new CfnEventSourceMapping(stage, 'Mapping', {
      functionName: stage.handler.functionName,
      eventSourceArn: this.jobTable.tableStreamArn ?? '',
      startingPosition: 'TRIM_HORIZON',
      batchSize,
      filterCriteria: { filters: [{ pattern: JSON.stringify(filter) }] },
      bisectBatchOnFunctionError,
      maximumRetryAttempts,
      maximumRecordAgeInSeconds: 3_600, // the sweeper has handled it long before
      functionResponseTypes: ['ReportBatchItemFailures'],
      destinationConfig: { onFailure: { destination: stage.deadLetters.queueArn } },
    });
    const permission = new PolicyStatement({
      actions: ['sqs:SendMessage'],
      resources: [stage.deadLetters.queueArn],
    });
    mapping.node.addDependency(stage.allow(permission));
  }

  /** Subscribers, such as a mail address, get the sentence; the bus carries the whole announcement. */
  private topicFor(email: string | undefined): Topic {
    const topic = new Topic(this, 'Announcements', { enforceSSL: true });
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    new Rule(this, 'AnnouncementsRule', {
      eventBus: this.bus,
      eventPattern: { source: ANNOUNCEMENTS.source, detailType: ANNOUNCEMENTS['detail-type'] },
      targets: [
        new SnsTopic(topic, {
          message: RuleTargetInput.fromText(EventField.fromPath('$.detail.sentence')),
        }),
      ],
    });
    return topic;
  }

  /** Alarms for messages in a dead-letter queue, a failing sweeper, and jobs that make no progress. */
  private alarmsOf(stages: readonly Stage[], sweep: Stage): void {
    const alarm = (id: string, metric: IMetric, alarmDescription: string) =>
      new Alarm(this, id, {
        metric,
        alarmDescription,
        threshold: 0,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    for (const { node, deadLetters } of stages) {
      const metric = deadLetters.metricApproximateNumberOfMessagesVisible();
      alarm(
        `${node.id}-dead-letters`,
        metric,
        `${node.id} has given up messages: read its log, then redrive them.`,
      );
    }
    const errors = sweep.handler.metricErrors({
      period: Duration.minutes(3 * SWEEP_EVERY_MINUTES),
    });
    alarm('sweep-jobs-errors', errors, 'A swept job or upload failed: read the log of sweep-jobs.');
    const stuck = new Metric({
      namespace: Stack.of(this).stackName,
      metricName: STUCK_JOBS.metric,
      dimensionsMap: { [STUCK_JOBS.dimension]: this.jobTable.tableName },
      statistic: Stats.MAXIMUM,
      period: Duration.minutes(3 * SWEEP_EVERY_MINUTES),
    });
    alarm('stuck-jobs', stuck, 'A job makes no progress: see `npx understudy status`.');
  }
}

/** The resources that are retained when the stack is deleted, for `understudy destroy`. */
const keptBy = ({ ephemeral, bucketName }: ParsedSettings): string =>
  ephemeral ? (bucketName === undefined ? 'nothing' : 'bucket') : 'bucket, job table, logs';

/** The pipeline as a stack. */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, settings: PipelineSettings & StackProps = {}) {
    const { env, ...given } = settings;
    super(scope, id, env === undefined ? {} : { env });
    const { bucket, jobTable, topic, bus } = new StudentPipeline(
      this,
      'Pipeline',
      given as PipelineSettings,
    );

    new CfnOutput(this, 'BucketName', { value: bucket.bucketName });
    new CfnOutput(this, 'JobTableName', { value: jobTable.tableName });
    new CfnOutput(this, 'BusName', { value: bus.eventBusName });
    new CfnOutput(this, 'TopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'RetainedResources', { value: keptBy(parseSettings(given)) });
    new CfnOutput(this, 'UploadCommand', {
      value: `aws s3 cp my-images.zip s3://${bucket.bucketName}/${DATASETS}`,
    });
  }
}
