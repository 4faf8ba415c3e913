import type { LayersModel } from '@tensorflow/tfjs';
import type { StudentCard } from '#core/card.ts';
import { sha256 } from '#core/identity.ts';
import { studentKeys } from '#core/keys.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Library } from './library.ts';

const MODEL_FOLDER = 'model/';

/**
 * Loads a student's layers-model from the bucket and checks each file against the card.
 *
 * @returns a model that maps [b, px, px, 3], RGB, 0 to 255, to [b, classes] logits
 * @throws CliError if a file is missing or damaged
 */
export async function loadStudent(library: Library, card: StudentCard): Promise<LayersModel> {
  const files = new Map<string, Uint8Array>();
  for (const file of card.files.filter(({ path }) => path.startsWith(MODEL_FOLDER))) {
    files.set(file.path.slice(MODEL_FOLDER.length), await fetchFile(library, card, file));
  }
  const artifacts = modelArtifacts((name) => {
    const bytes = files.get(name);
    if (bytes) return bytes;
    throw new CliError(
      EXIT.internal,
      `The file ${name} of the student is missing; train it again.`,
    );
  });
  return tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

async function fetchFile(
  { read }: Library,
  { student, version }: StudentCard,
  { path, sha256: expected }: StudentCard['files'][number],
): Promise<Uint8Array> {
  const key = `${studentKeys(student, version).prefix}${path}`;
  const chunks: Uint8Array[] = [];
  for await (const chunk of await read(key)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (sha256(bytes) === expected) return bytes;
  throw new CliError(
    EXIT.internal,
    `${key} is damaged: its sha256 is not the one in student.json. Train the student again.`,
  );
}
