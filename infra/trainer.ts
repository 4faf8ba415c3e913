import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArnFormat, IgnoreMode, Stack } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { hasGpu } from '#core/cost.ts';
import { DATASETS } from '#core/keys.ts';
import { TRAINING_LOGS } from '#core/training-contract.ts';
import { acknowledgeWildcards } from './acknowledge-wildcards.ts';
import { readObjects, writeObjects } from './permissions.ts';
import { ECR_IMAGE } from './settings.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The paths that the Dockerfile copies; its .dockerignore lists the same for builds by hand. */
const IN_IMAGE = [
  '.npmrc',
  'package.json',
  'package-lock.json',
  'core',
  'engine',
  'teachers',
  'training-image',
];

export interface TrainerProps {
  bucket: IBucket;
  instanceTypes: readonly string[];
  imageUri: string | undefined;
}

/** The image and the role of training jobs: SageMaker moves data in and out with the role; the container has no credentials. */
export class Trainer extends Construct {
  readonly image: string;
  readonly role: Role;

  constructor(scope: Construct, { bucket, imageUri, instanceTypes }: TrainerProps) {
    super(scope, 'trainer');
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com'),
    });
    const { image, repositoryArn } = this.imageOf(imageUri, instanceTypes);
    this.image = image;

    const logStreams = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${TRAINING_LOGS}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const statements = [
      ...readObjects(bucket, DATASETS, 'jobs/', 'teachers/'),
      writeObjects(bucket, 'jobs/*/output/', 'jobs/*/checkpoints/'),
      new PolicyStatement({
        actions: [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:DescribeLogStreams',
          'logs:PutLogEvents',
        ],
        resources: [logStreams],
      }),
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': TRAINING_LOGS } },
      }),
      new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
      new PolicyStatement({
        actions: [
          'ecr:BatchCheckLayerAvailability',
          'ecr:BatchGetImage',
          'ecr:GetDownloadUrlForLayer',
        ],
        resources: [repositoryArn],
      }),
    ];
    const permissions = new Policy(this, 'Permissions', { roles: [this.role], statements });
    acknowledgeWildcards(permissions, statements);
  }

  /** An image in a registry, or one that `cdk deploy` builds and uploads. */
  private imageOf(imageUri: string | undefined, instanceTypes: readonly string[]) {
    if (imageUri === undefined) {
      const asset = new DockerImageAsset(this, 'Image', {
        directory: ROOT,
        file: join('training-image', 'Dockerfile'),
        buildArgs: { DEVICE: instanceTypes.some(hasGpu) ? 'gpu' : 'cpu' }, // the GPU image also runs without one
        platform: Platform.LINUX_AMD64, // also on a Mac with an ARM processor: GPU instances are x86
        exclude: ['*', ...IN_IMAGE.map((path) => `!${path}`)], // so that no other change makes a new image
        ignoreMode: IgnoreMode.DOCKER,
      });
      return { image: asset.imageUri, repositoryArn: asset.repository.repositoryArn };
    }
    const [, account = '', region = '', repository = ''] = ECR_IMAGE.exec(imageUri) ?? [];
    const service = { service: 'ecr', account, region };
    const resource = { resource: 'repository', resourceName: repository };
    return {
      image: imageUri,
      repositoryArn: Stack.of(this).formatArn({ ...service, ...resource }),
    };
  }
}
