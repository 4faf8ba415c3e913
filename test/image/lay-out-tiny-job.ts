import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { layOutJob } from '#examples/job-folder.ts';
import { DEFAULT_TEACHER, teacherNamed } from '#teachers/catalogue.ts';
import { tintedClasses } from '../training-image/images.ts';

/** The folder of a job of twenty images that brings no teacher, as SageMaker lays it out on such an instance. */
export async function layOutTinyJob(root: string, instanceType: string): Promise<MlFolder> {
  const noTeacher = mkdtempSync(join(tmpdir(), 'no-teacher-'));
  const entry = teacherNamed(DEFAULT_TEACHER) as TeacherEntry;
  const files = await tintedClasses([10, 10]);
  const teacher = { entry, folder: noTeacher };
  const folders = await layOutJob(root, { form: 'zip', files, teacher });
  for (const folder of [noTeacher, folders.channel('teacher')]) rmSync(folder, { recursive: true });

  const hosts = ['algo-1'];
  const told = { current_host: 'algo-1', current_instance_type: instanceType, hosts };
  writeFileSync(folders.resourceConfig, JSON.stringify(told));
  return folders;
}
