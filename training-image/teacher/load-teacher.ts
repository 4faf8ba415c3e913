import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import { type TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { verifyTeacherFiles } from '#teachers/verify-teacher-files.ts';
import { modelArtifacts } from '../layers-model.ts';
import { TrainingRefused } from '../stop-training.ts';
import { tf } from '../tensorflow/load.ts';

export interface Teacher {
  entry: TeacherEntry;
  digest: string;
  model: LayersModel; // [b, px, px, 3] pixels 0 to 255 → logits of what it was trained on
  trunk: LayersModel; // the same input → features [b, d]; the layers are the model's own
}

/** @throws TrainingRefused TEACHER_CHANGED unless the files are the catalogue's to the last bit */
export async function loadTeacher(folder: string, entry: TeacherEntry): Promise<Teacher> {
  const differences = await verifyTeacherFiles(folder, entry);
  if (differences.length > 0) throw new TrainingRefused('TEACHER_CHANGED', differences.join(' '));

  const files = new Map<string, Buffer>();
  for (const { name } of entry.files) files.set(name, await readFile(join(folder, name)));
  const model = await tf.loadLayersModel(
    tf.io.fromMemory(modelArtifacts((name) => files.get(name) ?? new Uint8Array())),
  );
  const features = model.getLayer(entry.features.layer).output as never;
  const trunk = tf.model({ inputs: model.inputs, outputs: features });
  return { entry, digest: teacherDigest(entry), model, trunk };
}
