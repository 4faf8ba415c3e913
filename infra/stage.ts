import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { STAGES } from '#core/wiring.ts';
import { acknowledgeWildcards } from './acknowledge-wildcards.ts';

export type StageName = keyof typeof STAGES;

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface StageProps {
  stage: StageName;
  environment: Record<string, string>;
  statements: PolicyStatement[]; // all that the stage may do, besides writing its log
  ephemeral: boolean;
  /** At most so many at the same time; without it, as many as the account allows. */
  concurrency?: number;
}

/** One stage: its handler as a Lambda function with its own log, role and dead-letter queue, and no right but those named. */
export class Stage extends Construct {
  readonly handler: NodejsFunction;
  readonly role: Role;
  private readonly rights: Policy;
  /** Takes what failed for good. */
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    { stage, environment, statements, ephemeral, concurrency }: StageProps,
  ) {
    super(scope, stage);
    const removalPolicy = ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const writeLog = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    this.rights = new Policy(this, 'Rights', {
      roles: [this.role],
      statements: [...statements, writeLog],
    });
    acknowledgeWildcards(this.rights, statements);

    this.deadLetters = deadLetterQueue(this);
    this.handler = new NodejsFunction(this, 'Function', {
      entry: join(ROOT, 'lambdas', stage, 'handler.ts'),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.ARM_64,
      memorySize: 1024, // MB; CPU comes with it
      timeout: Duration.seconds(STAGES[stage].timeoutSeconds),
      tracing: Tracing.DISABLED,
      role: this.role.withoutPolicyUpdates(),
      logGroup,
      environment: { ...environment, NODE_OPTIONS: '--enable-source-maps' },
      ...(concurrency !== undefined && { reservedConcurrentExecutions: concurrency }),
      bundling: {
        format: OutputFormat.ESM,
        mainFields: ['module', 'main'],
        minify: true,
        sourceMap: true,
        sourcesContent: false,
        bundleAwsSDK: true, // a pinned one; without it a cold start takes longer as well
        // Some of the SDK's dependencies still call require.
        banner:
          "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
      },
    });
    Validations.of(this.handler).acknowledge({
      id: 'AwsSolutions::AwsSolutions-L1',
      reason:
        'Node 22 is what the handlers are tested on; 24 follows when the training image has it.',
    });
  }

  /** One right more; whoever needs it depends on the answer. */
  allow(statement: PolicyStatement): Policy {
    this.rights.addStatements(statement);
    return this.rights;
  }
}

function deadLetterQueue(scope: Construct, id = 'DeadLetters'): Queue {
  const queue = new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SQS3',
    reason: 'This is a dead-letter queue itself.',
  });
  return queue;
}
