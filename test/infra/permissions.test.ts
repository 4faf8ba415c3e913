import { beforeAll, describe, expect, it } from 'vitest';
import { handledUploadsKey } from '#core/keys.ts';
import { permissionsOf, type Request } from './permissions.ts';
import { synthesise } from './synthesise.ts';

const BUCKET = '{PipelineBucket.Arn}';
const HANDLED = handledUploadsKey('{PipelineJobTable}');
const TABLE = '{PipelineJobTable.Arn}';
const JOBS = 'arn:{AWS::Partition}:sagemaker:{AWS::Region}:{AWS::AccountId}:training-job/';
const TRAINER = '{PipelinetrainerRole.Arn}';
const BUS = '{PipelineBus.Arn}';

const object = (action: string, key: string): Request => ({
  action: `s3:${action}`,
  resource: `${BUCKET}/${key}`,
});
const list = (prefix: string): Request => ({
  action: 's3:ListBucket',
  resource: BUCKET,
  context: { 's3:prefix': prefix },
});
const row = (action: string, resource = TABLE): Request => ({
  action: `dynamodb:${action}`,
  resource,
});
const create = (name: string, isolated: string, ...instanceTypes: string[]): Request => ({
  action: 'sagemaker:CreateTrainingJob',
  resource: `${JOBS}${name}`,
  context: { 'sagemaker:NetworkIsolation': isolated, 'sagemaker:InstanceTypes': instanceTypes },
});
const passRole = (service: string, resource = TRAINER): Request => ({
  action: 'iam:PassRole',
  resource,
  context: { 'iam:PassedToService': service },
});
const training = (action: string, name = 'understudy-pets-0123456789abcdef-a1'): Request => ({
  action: `sagemaker:${action}`,
  resource: `${JOBS}${name}`,
});
const putEvents = (resource = BUS): Request => ({ action: 'events:PutEvents', resource });

/** Requests that no role of the pipeline may make. */
const NOBODY: Request[] = [
  object('DeleteObject', 'datasets/pets.zip'),
  object('DeleteObject', 'students/pets/1/student.json'),
  object('PutObject', 'datasets/pets.zip'),
  object('PutObject', 'teachers/efficientnet-lite0/weights.bin'),
  object('PutObjectAcl', 'students/pets/1/student.json'),
  object('GetObject', 'somebody-elses/file'),
  { action: 's3:DeleteBucket', resource: BUCKET },
  { action: 's3:PutBucketPolicy', resource: BUCKET },
  { action: 's3:GetObject', resource: 'arn:aws:s3:::another-bucket/datasets/pets.zip' },
  row('DeleteItem'),
  row('Scan'),
  row('DeleteTable'),
  row('UpdateTable'),
  row('PutItem', '{AnotherTable.Arn}'),
  passRole('ec2.amazonaws.com'),
  passRole('lambda.amazonaws.com'),
  passRole('sagemaker.amazonaws.com', '{AnotherRole.Arn}'),
  { action: 'iam:CreateRole', resource: '*' },
  { action: 'sts:AssumeRole', resource: TRAINER },
  training('DeleteModel'),
  { action: 'sagemaker:CreateNotebookInstance', resource: '*' },
  { action: 'kms:Decrypt', resource: '*' },
  { action: 'lambda:InvokeFunction', resource: '*' },
];

const CASES: Record<string, { role: RegExp; can: Request[]; cannot: Request[] }> = {
  'validate-dataset': {
    role: /PipelinevalidatedatasetRole/,
    can: [
      object('GetObject', 'datasets/pets.zip'),
      object('GetObject', 'datasets/pets/cat/1.jpg'),
      object('PutObject', 'jobs/0a/inputs/1b/manifest.jsonl'),
      list('datasets/pets/'),
      { action: 's3:ListBucket', resource: BUCKET }, // so that an absent key is a 404
      row('GetItem'),
      row('PutItem'),
      { action: 'sqs:DeleteMessage', resource: '{PipelineUploads.Arn}' },
    ],
    cannot: [
      object('PutObject', HANDLED),
      list('students/'),
      object('GetObject', 'students/pets/1/student.json'),
      object('PutObject', 'students/pets/1/student.json'),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge'),
      training('StopTrainingJob'),
      passRole('sagemaker.amazonaws.com'),
      putEvents(),
      row('Query', `${TABLE}/index/open-jobs`),
    ],
  },
  'launch-training': {
    role: /PipelinelaunchtrainingRole/,
    can: [
      object('GetObject', 'jobs/0a/inputs/1b/recipe.json'),
      object('GetObject', 'teachers/efficientnet-lite0/weights.bin'),
      row('GetItem'),
      row('PutItem'),
      row('Query', `${TABLE}/index/open-jobs`),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge'),
      create('understudy-pets-0-a1', 'true', 'ml.g5.xlarge'),
      training('AddTags'),
      training('DescribeTrainingJob'),
      training('StopTrainingJob'),
      passRole('sagemaker.amazonaws.com'),
    ],
    cannot: [
      create('understudy-pets-0-a1', 'false', 'ml.g4dn.xlarge'),
      create('understudy-pets-0-a1', 'true', 'ml.p5.48xlarge'),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge', 'ml.p5.48xlarge'),
      create('somebody-elses-job', 'true', 'ml.g4dn.xlarge'),
      training('StopTrainingJob', 'somebody-elses-job'),
      training('DescribeTrainingJob', 'somebody-elses-job'),
      object('GetObject', 'datasets/pets.zip'),
      object('PutObject', HANDLED),
      object('PutObject', 'jobs/0a/inputs/1b/manifest.jsonl'),
      object('PutObject', 'students/pets/1/student.json'),
      putEvents(),
    ],
  },
  'publish-student': {
    role: /PipelinepublishstudentRole/,
    can: [
      object('GetObject', 'jobs/0a/output/j/output/model/student.json'),
      object('GetObject', 'students/pets/latest.json'),
      object('PutObject', 'students/pets/1/student.json'),
      object('PutObject', 'students/pets/latest.json'),
      object('GetObject', 'students/pets/1/predictions.csv'),
      object('PutObject', 'students/pets/versions.json'),
      list('students/pets/'),
      object('GetObject', 'jobs/0a/checkpoints/broken-files.json'),
      object('PutObject', 'jobs/0a/report.json'),
      row('GetItem'),
      row('PutItem'),
      training('DescribeTrainingJob'),
      training('StopTrainingJob'),
    ],
    cannot: [
      object('PutObject', 'jobs/0a/inputs/1b/manifest.jsonl'),
      object('GetObject', 'datasets/pets.zip'),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge'),
      training('AddTags'),
      passRole('sagemaker.amazonaws.com'),
      putEvents(),
    ],
  },
  'announce-job': {
    role: /PipelineannouncejobRole/,
    can: [row('GetItem'), row('PutItem'), putEvents()],
    cannot: [
      putEvents('arn:aws:events:eu-west-1:123456789012:event-bus/default'),
      object('GetObject', 'students/pets/1/student.json'),
      object('PutObject', 'students/pets/1/student.json'),
      list('datasets/'),
      training('DescribeTrainingJob'),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge'),
      passRole('sagemaker.amazonaws.com'),
    ],
  },
  'sweep-jobs': {
    role: /PipelinesweepjobsRole/,
    can: [
      list('datasets/'),
      object('GetObject', 'datasets/pets.zip'),
      object('PutObject', 'jobs/0a/inputs/1b/manifest.jsonl'),
      object('PutObject', 'students/pets/1/student.json'),
      object('GetObject', HANDLED),
      object('PutObject', HANDLED),
      row('GetItem'),
      row('PutItem'),
      row('Query', `${TABLE}/index/open-jobs`),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge'),
      training('StopTrainingJob'),
      passRole('sagemaker.amazonaws.com'),
      putEvents(),
    ],
    cannot: [
      object('PutObject', 'sweeps/another.json'),
      object('GetObject', 'sweeps/another.json'),
      create('understudy-pets-0-a1', 'false', 'ml.g4dn.xlarge'),
      create('somebody-elses-job', 'true', 'ml.g4dn.xlarge'),
      putEvents('arn:aws:events:eu-west-1:123456789012:event-bus/default'),
    ],
  },
  'the training container': {
    role: /PipelinetrainerRole/,
    can: [
      object('GetObject', 'datasets/pets.zip'),
      object('GetObject', 'jobs/0a/inputs/1b/manifest.jsonl'),
      object('GetObject', 'teachers/efficientnet-lite0/weights.bin'),
      object('PutObject', 'jobs/0a/output/j/output/model/student.json'),
      object('PutObject', 'jobs/0a/checkpoints/features-1/0.f32'),
    ],
    cannot: [
      object('PutObject', 'students/pets/1/student.json'),
      object('PutObject', 'jobs/0a/inputs/1b/manifest.jsonl'),
      object('GetObject', 'students/pets/1/student.json'),
      row('GetItem'),
      row('PutItem'),
      create('understudy-pets-0-a1', 'true', 'ml.g4dn.xlarge'),
      passRole('sagemaker.amazonaws.com'),
      putEvents(),
    ],
  },
};

let template: ReturnType<typeof synthesise>;
beforeAll(() => {
  template = synthesise();
});

const named = (requests: readonly Request[]) =>
  requests.map((request): [string, Request] => [
    `${request.action} on ${request.resource} ${request.context ? JSON.stringify(request.context) : ''}`,
    request,
  ]);

describe.each(Object.entries(CASES))('%s', (_, { role, can, cannot }) => {
  it.each(named(can))('can %s', (_name, request) => {
    expect(permissionsOf(template, role).can(request)).toBe(true);
  });

  it.each(named([...cannot, ...NOBODY]))('cannot %s', (_name, request) => {
    expect(permissionsOf(template, role).can(request)).toBe(false);
  });
});
