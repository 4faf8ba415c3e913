import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import {
  EventBus,
  EventField,
  type IEventBus,
  Rule,
  RuleTargetInput,
  Schedule,
} from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
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
import { CATALOGUE } from '#teachers/catalogue.ts';
import { addAlarms } from './alarms.ts';
import { queueInFrontOf, streamInto } from './event-sources.ts';
import {
  announce,
  findOpenJobs,
  followStream,
  launchTrainings,
  readAndSaveJobs,
  readAndWriteObject,
  readObjects,
  removeOutputs,
  watchTrainings,
  writeObjects,
  writeReports,
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
    };
    const launching = {
      SPOT: settings.spot && settings.onDemandFallback ? 'fallback' : String(settings.spot),
      INSTANCE_TYPES: instanceTypes.join(','),
      TEACHERS_IN_IMAGE: CATALOGUE.map(({ name }) => name).join(','),
      DEFAULT_MINUTES: String(settings.defaultMinutes),
      MAX_CONCURRENT_JOBS: String(settings.maxConcurrentJobs),
    };
    const sweeping = {
      METRICS_NAMESPACE: stack.stackName,
      SWEEP_LEASE_SECONDS: String(STAGES['sweep-jobs'].timeoutSeconds),
    };
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
    queueInFrontOf(this, validate, 'Uploads', {
      ...UPLOADS,
      detail: { ...UPLOADS.detail, bucket: { name: [bucket.bucketName] } },
    });

    // 2. Its row is validated → launch-training. Rows of the table limit how many training jobs run.
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
    });
    streamInto(launch, jobTable, VALIDATED_ROWS);

    // 3. The training job changes its state → publish-student.
    const publishStatements = [
      ...readObjects(bucket, 'jobs/', STUDENTS),
      writeObjects(bucket, STUDENTS),
      writeReports(bucket), // with the broken files that a training found
      removeOutputs(bucket),
      readAndSaveJobs(jobTable),
      watchTrainings(stack),
    ];
    const publish = new Stage(this, {
      stage: 'publish-student',
      environment: { ...pipeline, ...training },
      statements: publishStatements,
      ephemeral,
    });
    queueInFrontOf(this, publish, 'Trainings', TRAININGS);

    // 4. A row has announcements → announce-job → the bus → the topic.
    const announceStage = new Stage(this, {
      stage: 'announce-job',
      environment: { ...pipeline, ...announcing },
      statements: [readAndSaveJobs(jobTable), announce(bus), ...followStream(jobTable)],
      ephemeral,
    });
    streamInto(announceStage, jobTable, ROWS_WITH_ANNOUNCEMENTS);
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
        ...sweeping,
      },
      statements: [
        ...readObjects(bucket, DATASETS, 'jobs/', 'teachers/', STUDENTS),
        writeObjects(bucket, 'jobs/', STUDENTS),
        removeOutputs(bucket),
        readAndWriteObject(bucket, handledUploadsKey(jobTable.tableName)),
        ...launchStatements.filter(
          (statement) => !statement.actions.some((action) => action.startsWith('s3:')),
        ),
        announce(bus),
      ],
      ephemeral,
    });
    sweep.handler.configureAsyncInvoke({
      retryAttempts: 0, // the next sweep is the retry
      maxEventAge: Duration.minutes(SWEEP_EVERY_MINUTES),
    });
    new Rule(this, 'Sweeps', {
      schedule: Schedule.rate(Duration.minutes(SWEEP_EVERY_MINUTES)),
      targets: [new LambdaFunction(sweep.handler, { retryAttempts: 0 })],
    });

    addAlarms(this, [validate, launch, publish, announceStage], sweep, jobTable);
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
