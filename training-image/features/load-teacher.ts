import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { MODEL_FILE, type TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { verifyTeacherFiles } from '#teachers/verify-teacher-files.ts';
import { TrainingRefused } from '../job/errors.ts';
import { exists } from '../storage/atomic-file.ts';

export interface Teacher {
  entry: TeacherEntry;
  digest: string;
  model: LayersModel; // [b, px, px, 3], pixels 0 to 255 → logits of the classes it was trained on
  json: unknown; // the model as in its files
  weights: Uint8Array;
}

/** The environment variable for the folder of the teachers that an image contains, a folder per teacher. */
export const OWN_TEACHERS = 'UNDERSTUDY_TEACHERS';

/**
 * Loads the teacher from the job's channel if there is one, else the image's own copy.
 *
 * @throws TrainingRefused TEACHER_CHANGED unless the files are exactly those of the catalogue
 */
export async function loadTeacher(channel: string, entry: TeacherEntry): Promise<Teacher> {
  const folder = await teacherFolder(channel, entry);
  const differences = await verifyTeacherFiles(folder, entry);
  if (differences.length > 0) throw new TrainingRefused('TEACHER_CHANGED', differences.join(' '));

  const files = new Map<string, Buffer>();
  for (const { name } of entry.files) files.set(name, await readFile(join(folder, name)));
  const artifacts = modelArtifacts((name) => files.get(name) ?? new Uint8Array());
  return {
    entry,
    digest: teacherDigest(entry),
    model: await tf.loadLayersModel(tf.io.fromMemory(artifacts)),
    json: JSON.parse(files.get(MODEL_FILE)?.toString() ?? ''),
    weights: new Uint8Array(artifacts.weightData as ArrayBuffer),
  };
}

async function teacherFolder(channel: string, { name }: TeacherEntry): Promise<string> {
  if (await exists(channel)) return channel; // even if it is empty: a mistake there must not go unnoticed
  const own = process.env[OWN_TEACHERS];
  if (own && (await exists(join(own, name)))) return join(own, name);
  const where = own
    ? `its image does not contain "${name}"`
    : 'there is no image that contains one';
  throw new TrainingRefused('TEACHER_CHANGED', `The job has no teacher channel, and ${where}.`);
}
