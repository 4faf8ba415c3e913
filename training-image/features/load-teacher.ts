import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { MODEL_FILE, type TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { modelArtifacts } from '#engine/layers-model.ts';
import { tf } from '#engine/tensorflow/load.ts';
import { verifyTeacherFiles } from '#teachers/verify-teacher-files.ts';
import { TrainingRefused } from '../job/errors.ts';

export interface Teacher {
  entry: TeacherEntry;
  digest: string;
  model: LayersModel; // [b, px, px, 3] pixels 0 to 255 → logits of what it was trained on
  json: unknown; // the same, as its files say it
  weights: Uint8Array;
}

/** The environment variable that names where an image keeps the teachers it brings along, a folder each. */
export const OWN_TEACHERS = 'UNDERSTUDY_TEACHERS';

/**
 * Loads the teacher that the job brings in its channel, else the image's own.
 *
 * @throws TrainingRefused TEACHER_CHANGED unless the files are the catalogue's to the last bit
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
  if (await isFolder(channel)) return channel; // also an empty one: a mistake there must not go unnoticed
  const own = process.env[OWN_TEACHERS];
  if (own && (await isFolder(join(own, name)))) return join(own, name);
  const what = `The job brings no teacher, and ${own ? `its image has no "${name}"` : 'there is none beside it'}.`;
  throw new TrainingRefused('TEACHER_CHANGED', what);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
