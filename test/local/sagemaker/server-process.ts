// A local SageMaker in a process of its own, for tests that kill it: prints its endpoint.
// Arguments: its folder, the endpoint of an S3, and how often checkpoints are copied there, in seconds.
import { S3Client } from '@aws-sdk/client-s3';
import { localSageMaker } from '#local/sagemaker/sagemaker.ts';
import { serve } from '../events/serve.ts';
import { IMAGES } from './images.ts';

const [folder = '', endpoint = '', checkpointSyncSeconds] = process.argv.slice(2);
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
const sageMaker = await localSageMaker({
  folder,
  s3: new S3Client({ endpoint, region: 'us-east-1', credentials }),
  images: IMAGES,
  maxConcurrentJobs: 5,
  publish: () => undefined,
  checkpointSyncSeconds: Number(checkpointSyncSeconds),
});
console.log((await serve({ SageMaker: sageMaker.handle })).endpoint);
