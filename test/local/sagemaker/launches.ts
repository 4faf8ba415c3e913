import { advance, receive } from '#core/job.ts';
import { inputKeys } from '#core/keys.ts';
import { anUpload, noon } from '#test/uploads.ts';
import { BUCKET, type RunningS3 } from './running-sagemaker.ts';

/** A job of the pipeline whose dataset was accepted. */
export function anAcceptedJob(id: string) {
  const received = receive(anUpload({ id, bucket: BUCKET }), noon);
  const summary = { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' };
  return advance(received, { type: 'dataset-validated', summary }, noon);
}

/** What validator and launcher have put into the bucket by the time of the launch. */
export async function putInputs(s3: RunningS3, id = 'a'.repeat(64)) {
  const keys = inputKeys(id, { manifestSha256: 'm', recipeSha256: 'r' });
  await s3.put('datasets/pets.zip', 'zip');
  await s3.put('datasets/pets.zip.bak', 'not asked for');
  await s3.put('teachers/tiny/model.json', '{}');
  await s3.put('teachers/tiny/group1-shard1of1.bin', 'weights');
  await s3.put(keys.manifest, 'manifest');
  await s3.put(keys.recipe, 'recipe');
  await s3.put(keys.channel, JSON.stringify([{ prefix: `s3://${BUCKET}/` }, 'datasets/pets.zip']));
}
