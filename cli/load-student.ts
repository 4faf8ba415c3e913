import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { io } from '@tensorflow/tfjs';
import type { StudentCard } from '#core/card.ts';
import { sha256 } from '#core/identity.ts';
import { studentKeys } from '#core/keys.ts';
import { tf } from '#training-image/tensorflow/load.ts';
import type { Pipeline } from './connect.ts';
import { EXIT, Stop } from './exit.ts';

const MODEL_FOLDER = 'model/';

/**
 * Fetches a student's layers-model out of the bucket, each file checked against its card.
 *
 * @returns takes [b, px, px, 3] float32, RGB 0 to 255, and gives [b, classes] logits; the caller disposes of it
 */
export async function loadStudent(pipeline: Pipeline, card: StudentCard) {
  const files = new Map<string, Buffer>();
  for (const file of card.files.filter(({ path }) => path.startsWith(MODEL_FOLDER))) {
    files.set(file.path.slice(MODEL_FOLDER.length), await fetchFile(pipeline, card, file));
  }
  const model = JSON.parse(bytesOf(files, 'model.json').toString()) as io.ModelJSON;
  const paths = model.weightsManifest.flatMap((group) => group.paths);
  const weights = Buffer.concat(paths.map((path) => bytesOf(files, path)));
  const artifacts: io.ModelArtifacts = {
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
    weightData: Uint8Array.from(weights).buffer,
  };
  return tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

async function fetchFile(
  { s3, bucket }: Pipeline,
  { student, version }: StudentCard,
  { path, sha256: expected }: StudentCard['files'][number],
): Promise<Buffer> {
  const Key = `${studentKeys(student, version).prefix}${path}`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  if (sha256(bytes) === expected) return bytes;
  throw new Stop(EXIT.internal, `${Key} is not what student.json says; train the student again.`);
}

function bytesOf(files: ReadonlyMap<string, Buffer>, path: string): Buffer {
  const bytes = files.get(path);
  if (bytes) return bytes;
  throw new Stop(EXIT.internal, `The student lacks its file ${path}; train it again.`);
}
