import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { MODEL_FILE, type TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { verifyTeacherFiles } from '#teachers/verify-teacher-files.ts';
import { modelArtifacts } from '../layers-model.ts';
import { TrainingRefused } from '../stop-training.ts';
import { tf } from '../tensorflow/load.ts';

export interface Teacher {
  entry: TeacherEntry;
  digest: string;
  model: LayersModel; // [b, px, px, 3] pixels 0 to 255 → logits of what it was trained on
  json: unknown; // the same, as its files say it
  weights: Uint8Array;
}

/** @throws TrainingRefused TEACHER_CHANGED unless the files are the catalogue's to the last bit */
export async function loadTeacher(folder: string, entry: TeacherEntry): Promise<Teacher> {
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
