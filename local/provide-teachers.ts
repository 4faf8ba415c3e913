import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { jobKeys, teacherPrefix } from '#core/keys.ts';
import { Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import type { Report } from '#engine/tensorflow/fetch-wheel.ts';
import type { Jobs, Objects } from '#ports';
import { TEACHERS } from '#teachers/catalogue.ts';
import { ENTRY_FILE, importTeacher } from '#teachers/import-teacher.ts';

export interface TeacherPorts {
  s3: S3Client;
  objects: Objects;
  jobs: Pick<Jobs, 'open'>;
  report: Report;
}

/**
 * Brings teachers into the bucket when they are first asked for; on AWS the image or its owner does that.
 * A teacher that is there is left as it is: whether it is the right one is for the launcher to judge.
 */
export function teacherProvider({ s3, objects, jobs, report }: TeacherPorts) {
  const provided = new Map<string, Promise<void>>();

  async function bring(entry: TeacherEntry): Promise<void> {
    const prefix = teacherPrefix(entry.name);
    if (await objects.head(`${prefix}${ENTRY_FILE}`)) return;
    const folder = await importTeacher(entry, { report });
    for (const file of [...entry.files.map(({ name }) => name), ENTRY_FILE]) {
      const Body = await readFile(join(folder, file)); // the entry last: with it the teacher is complete
      await s3.send(
        new PutObjectCommand({ Bucket: objects.bucket, Key: `${prefix}${file}`, Body }),
      );
    }
  }

  /** @throws SetupFailure or TeacherRefused, whose messages are sentences for the terminal */
  async function provide(name: string): Promise<void> {
    const entry = TEACHERS.get(name);
    if (!entry) return; // the validator has refused it, or will
    const work = provided.get(name) ?? bring(entry);
    provided.set(name, work);
    await work.catch((error: unknown) => {
      provided.delete(name); // the network may be back at the next try
      throw error;
    });
  }

  return {
    provide,
    /** The teachers of all jobs that can be launched now. */
    async provideForOpenJobs(): Promise<void> {
      for (const job of await jobs.open()) {
        if (!['validated', 'waiting', 'launching'].includes(job.progress.state)) continue;
        const recipe = await objects.readText(jobKeys(job.id).recipe);
        if (recipe !== undefined) await provide(Recipe.parse(JSON.parse(recipe)).teacher);
      }
    },
  };
}
