import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import yazl from 'yazl';
import type { Job } from '#core/job.ts';
import type { STAGES } from '#core/wiring.ts';
import type { Files } from '#examples/job-folder.ts';
import { dynamoJobs, jobIdOfRow } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { CATALOGUE } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';
import { IMAGE } from '../infra/synthesise.ts';
import { deployStack } from './deploy-stack.ts';
import { lambdaFunctions } from './functions.ts';
import { ACCOUNT, motoClient, REGION } from './moto-client.ts';
import { pollers } from './pollers.ts';
import { startMoto } from './start-moto.ts';
import { trainings } from './trainings.ts';

type StageName = keyof typeof STAGES;

/** The stack in moto, its functions and trainings on this machine, and somebody who listens to its topic. */
export async function deployedPipeline() {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-moto-'));
  const moto = await startMoto();
  const settings = motoClient(moto.endpoint);
  const sqs = new SQSClient(settings);
  const s3 = new S3Client(settings);
  const dynamo = new DynamoDBClient(settings);
  const events = new EventBridgeClient(settings);

  const stack = await deployStack(
    moto.endpoint,
    { imageUri: IMAGE, ephemeral: true },
    join(folder, 'cdk.out'),
  );
  const { BucketName = '', JobTableName = '', TopicArn = '' } = stack.outputs;
  const objects = s3Objects(BucketName, s3);
  const jobs = dynamoJobs(JobTableName, dynamo);

  const sageMaker = await trainings({
    endpoint: moto.endpoint,
    image: IMAGE,
    variables: { UNDERSTUDY_TEACHERS: await teachersOfTheImage(join(folder, 'teachers')) }, // as its Dockerfile says
    folder,
  });
  const functions = lambdaFunctions(stack, moto.endpoint, {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_ENDPOINT_URL_SAGEMAKER: sageMaker.endpoint,
    // Nobody waits here until a row is overdue: each sweep looks at all that are open.
    SWEEP_AHEAD_SECONDS: String(24 * 3600),
  });
  const sources = await pollers(moto.endpoint, functions.invoke);
  const listener = await subscribed(TopicArn);

  /** A queue that gets what the topic says, as a mailbox does on AWS. */
  async function subscribed(topic: string): Promise<string> {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'listener' }));
    const subscribe = new SubscribeCommand({
      TopicArn: topic,
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:listener`,
      Attributes: { RawMessageDelivery: 'true' },
    });
    await new SNSClient(settings).send(subscribe);
    return QueueUrl;
  }

  async function targetOfTheSchedule(): Promise<string> {
    const { Rules = [] } = await events.send(new ListRulesCommand({}));
    const rule = Rules.find(({ ScheduleExpression }) => ScheduleExpression !== undefined);
    const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: rule?.Name }));
    return Targets[0]?.Arn ?? '';
  }

  const functionOf = (stage: StageName): string => {
    const prefix = `Pipeline${stage.replaceAll('-', '')}Function`;
    const found = stack
      .resources('AWS::Lambda::Function')
      .find(({ logicalId }) => logicalId.startsWith(prefix));
    if (!found) throw new Error(`the stack has no function of ${stage}`);
    return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${found.physicalId}`;
  };

  return {
    stack,
    endpoint: moto.endpoint,
    objects,
    sageMaker,

    put: (Key: string, Body: Uint8Array | string) =>
      s3.send(new PutObjectCommand({ Bucket: BucketName, Key, Body })),

    /** Gives a stage what waits for it in its queue or stream; says how many records that were. */
    deliverTo(stage: StageName): Promise<number> {
      const source = sources.find(({ functionArn }) => functionArn === functionOf(stage));
      if (!source) throw new Error(`nothing leads to ${stage}`);
      return source.poll();
    },

    /** What the rule on a schedule does every few minutes. */
    sweep: async () => functions.invoke(await targetOfTheSchedule(), {}),

    async allJobs(): Promise<Job[]> {
      const found: Job[] = [];
      for await (const { Items = [] } of paginateScan(
        { client: dynamo },
        { TableName: JobTableName },
      )) {
        for (const { row } of Items) {
          const job = await jobs.load(jobIdOfRow(row?.S ?? '') ?? '');
          if (job) found.push(job);
        }
      }
      return found;
    },

    /** What the topic has said since the last time. */
    async heard(): Promise<string[]> {
      const receive = new ReceiveMessageCommand({ QueueUrl: listener, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.send(receive);
      for (const { ReceiptHandle } of Messages) {
        await sqs.send(new DeleteMessageCommand({ QueueUrl: listener, ReceiptHandle }));
      }
      return Messages.map(({ Body = '' }) => Body);
    },

    /** How many messages a queue of the stack holds, seen or not, by its name in the template. */
    async waiting(): Promise<Record<string, number>> {
      const counts: Record<string, number> = {};
      for (const { logicalId, physicalId } of stack.resources('AWS::SQS::Queue')) {
        const AttributeNames = ['ApproximateNumberOfMessages' as const];
        const { Attributes = {} } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl: physicalId, AttributeNames }),
        );
        counts[logicalId] = Number(Attributes.ApproximateNumberOfMessages);
      }
      return counts;
    },

    async end(): Promise<void> {
      await functions.end();
      await sageMaker.end();
      await moto.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type DeployedPipeline = Awaited<ReturnType<typeof deployedPipeline>>;

/** The teachers that the image contains, in folders of their names. */
async function teachersOfTheImage(folder: string): Promise<string> {
  await mkdir(folder);
  for (const entry of CATALOGUE) {
    const imported = await importTeacher(entry, { report: () => undefined });
    await symlink(imported, join(folder, entry.name), 'dir');
  }
  return folder;
}

/** A zip of class folders. */
export function zipOf(files: Files): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [path, bytes] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(bytes), path, { mtime: new Date(0) });
  }
  zip.end();
  return buffer(zip.outputStream);
}
