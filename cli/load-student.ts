import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { LayersModel } from '@tensorflow/tfjs';
import type { StudentCard } from '#core/card.ts';
import { sha256 } from '#core/identity.ts';
import { studentKeys } from '#core/keys.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';

const MODEL_FOLDER = 'model/';

/**
 * Fetches a student's layers-model out of the bucket, each file checked against its card.
 *
 * @returns takes [b, px, px, 3], RGB, 0 to 255, and gives [b, classes] logits
 * @throws CliError when a file is missing or is not what the card says
 */
export async function loadStudent(pipeline: Pipeline, card: StudentCard): Promise<LayersModel> {
  const files = new Map<string, Uint8Array>();
  for (const file of card.files.filter(({ path }) => path.startsWith(MODEL_FOLDER))) {
    files.set(file.path.slice(MODEL_FOLDER.length), await fetchFile(pipeline, card, file));
  }
  const artifacts = modelArtifacts((name) => {
    const bytes = files.get(name);
    if (bytes) return bytes;
    throw new CliError(EXIT.internal, `The student lacks its file ${name}; train it again.`);
  });
  return tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

async function fetchFile(
  { s3, bucket }: Pipeline,
  { student, version }: StudentCard,
  { path, sha256: expected }: StudentCard['files'][number],
): Promise<Uint8Array> {
  const Key = `${studentKeys(student, version).prefix}${path}`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  if (sha256(bytes) === expected) return bytes;
  throw new CliError(
    EXIT.internal,
    `${Key} is not what student.json says; train the student again.`,
  );
}
