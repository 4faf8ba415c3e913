import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  CreateStackCommand,
  type CreateStackCommandInput,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  type Stack,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import yazl from 'yazl';
import * as z from 'zod';
import { lastLines, run } from '#engine/tensorflow/run-command.ts';
import type { PipelineSettings } from '#infra/settings.ts';
import { ACCOUNT, motoClient, REGION } from './moto-client.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const STACK = 'Understudy';
const QUALIFIER = 'hnb659fds'; // the CDK's own, unless somebody chooses another
const ASSETS = `cdk-${QUALIFIER}-assets-${ACCOUNT}-${REGION}`;

/** What `cdk bootstrap` leaves in an account, as far as a deployment looks at it. */
const BOOTSTRAP = {
  Resources: {
    Assets: { Type: 'AWS::S3::Bucket', Properties: { BucketName: ASSETS } },
    Version: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Name: `/cdk-bootstrap/${QUALIFIER}/version`, Type: 'String', Value: '30' },
    },
  },
};

/** What the CDK says of the files that a stack needs. */
const AssetManifest = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.enum(['file', 'zip']) }),
      destinations: z.record(
        z.string(),
        z.object({ bucketName: z.string(), objectKey: z.string() }),
      ),
    }),
  ),
});

export interface DeployedStack {
  status: string;
  outputs: Record<string, string>;
  /** its resources of this type: what the template calls them, and what AWS does */
  resources(type: string): { logicalId: string; physicalId: string }[];
  /** the folder with a function's bundle, by the SHA-256 of its zip as Lambda tells it */
  bundles: ReadonlyMap<string, string>;
}

/**
 * Does what `cdk deploy` does: runs the app, uploads template and bundles, and lets CloudFormation make the stack.
 *
 * @param folder for what the app writes: template and bundles
 */
export async function deployStack(
  endpoint: string,
  settings: PipelineSettings,
  folder: string,
): Promise<DeployedStack> {
  const cloudFormation = new CloudFormationClient(motoClient(endpoint));
  const s3 = new S3Client(motoClient(endpoint));
  await create(cloudFormation, 'CDKToolkit', { TemplateBody: JSON.stringify(BOOTSTRAP) });

  await synthesise(settings, folder);
  const { templateUrl, bundles } = await upload(s3, folder);
  const { StackStatus = '', Outputs = [] } = await create(cloudFormation, STACK, {
    TemplateURL: templateUrl, // as a text it would be too long for CloudFormation
    Capabilities: ['CAPABILITY_IAM'],
  });
  const { StackResources = [] } = await cloudFormation.send(
    new DescribeStackResourcesCommand({ StackName: STACK }),
  );
  return {
    status: StackStatus,
    outputs: Object.fromEntries(Outputs.map((output) => [output.OutputKey, output.OutputValue])),
    resources: (type) =>
      StackResources.filter(({ ResourceType }) => ResourceType === type).map(
        ({ LogicalResourceId: logicalId = '', PhysicalResourceId: physicalId = '' }) => ({
          logicalId,
          physicalId,
        }),
      ),
    bundles,
  };
}

/** Runs the app as the CDK's command line does; it bundles the stages with esbuild on the way. */
async function synthesise(settings: PipelineSettings, folder: string): Promise<void> {
  const app = ['--import', import.meta.resolve('tsx'), join(ROOT, 'infra', 'app.ts')];
  const { ok, output } = await run(process.execPath, app, {
    ...process.env,
    CDK_OUTDIR: folder,
    CDK_CONTEXT_JSON: JSON.stringify({ understudy: settings }),
  });
  if (!ok) throw new Error(`the app did not synthesise:\n${lastLines(output, 20)}`);
}

/** Puts the template and every bundle where the template expects them. */
async function upload(s3: S3Client, folder: string) {
  const text = await readFile(join(folder, `${STACK}.assets.json`), 'utf8');
  const bundles = new Map<string, string>();
  let templateUrl = '';
  for (const { source, destinations } of Object.values(
    AssetManifest.parse(JSON.parse(text)).files,
  )) {
    const path = join(folder, source.path);
    const Body = source.packaging === 'zip' ? await zipped(path) : await readFile(path);
    for (const { bucketName, objectKey } of Object.values(destinations)) {
      const [Bucket, Key] = [bucketName, objectKey].map(resolved) as [string, string];
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      if (source.packaging === 'file') templateUrl = `https://s3.amazonaws.com/${Bucket}/${Key}`;
      else bundles.set(createHash('sha256').update(Body).digest('base64'), path);
    }
  }
  return { templateUrl, bundles };
}

/** The CDK leaves `${AWS::AccountId}` and `${AWS::Region}` to whoever uploads. */
const resolved = (text: string): string =>
  text.replaceAll(/\$\{AWS::(AccountId|Region)\}/g, (_, which) =>
    which === 'Region' ? REGION : ACCOUNT,
  );

async function zipped(folder: string): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const file of await readdir(folder)) zip.addFile(join(folder, file), file);
  zip.end();
  return buffer(zip.outputStream);
}

/** Makes a stack and waits for it. */
async function create(
  client: CloudFormationClient,
  StackName: string,
  template: Omit<CreateStackCommandInput, 'StackName'>,
): Promise<Stack> {
  await client.send(new CreateStackCommand({ StackName, ...template }));
  await waitUntilStackCreateComplete({ client, maxWaitTime: 60 }, { StackName });
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
  if (!Stacks[0]) throw new Error(`there is no stack ${StackName}`);
  return Stacks[0];
}
