import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { STAGES, type StageName } from '#core/wiring.ts';
import { acknowledgeWildcards } from './acknowledge-wildcards.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface StageProps<Name extends StageName> {
  stage: Name;
  environment: Record<string, string>;
  statements: PolicyStatement[]; // all permissions of the stage, besides writing its log
  ephemeral: boolean;
}

/** A stage: its handler as a Lambda function with its own log, role and dead-letter queue, and only the given permissions. */
export class Stage<Name extends StageName = StageName> extends Construct {
  readonly name: Name;
  readonly handler: NodejsFunction;
  readonly role: Role;
  private readonly permissions: Policy;
  /** Receives the events that were given up. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, { stage, environment, statements, ephemeral }: StageProps<Name>) {
    super(scope, stage);
    this.name = stage;
    const removalPolicy = ephemeral
      ? RemovalPolicy.DESTROY
      : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const writeLog = new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    this.permissions = new Policy(this, 'Permissions', {
      roles: [this.role],
      statements: [...statements, writeLog],
    });
    acknowledgeWildcards(this.permissions, statements);

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
      bundling: {
        format: OutputFormat.ESM,
        mainFields: ['module', 'main'],
        minify: true,
        sourceMap: true,
        sourcesContent: false,
        bundleAwsSDK: true, // pinned; also makes cold starts shorter
        // Some dependencies of the SDK still call require.
        banner:
          "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
      },
    });
    Validations.of(this.handler).acknowledge({
      id: 'AwsSolutions::AwsSolutions-L1',
      reason: 'The handlers are tested on Node 22; 24 follows when the training image has it.',
    });
  }

  /** Adds a permission. Resources that need it must depend on the returned policy. */
  allow(statement: PolicyStatement): Policy {
    this.permissions.addStatements(statement);
    return this.permissions;
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
    reason: 'This is itself a dead-letter queue.',
  });
  return queue;
}
