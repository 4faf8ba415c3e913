import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { inputKeys, teacherPrefix } from '#core/keys.ts';
import { ANY_TEACHER, Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import type { Report } from '#engine/tensorflow/fetch-wheel.ts';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
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
 * Copies teachers into the bucket when a recipe first asks for them; on AWS they are in the image, or the operator
 * copies them. A teacher that exists is not replaced: the launcher decides whether it is the right one.
 */
export function teacherProvider({ s3, objects, jobs, report }: TeacherPorts) {
  const provided = new Map<string, Promise<void>>();
  const unavailable = new Set<string>(); // of those that a recipe only may use

  async function copy(entry: TeacherEntry): Promise<void> {
    const prefix = teacherPrefix(entry.name);
    if (await objects.head(`${prefix}${ENTRY_FILE}`)) return;
    const folder = await importTeacher(entry, { report });
    for (const file of [...entry.files.map(({ name }) => name), ENTRY_FILE]) {
      const Body = await readFile(join(folder, file)); // the entry is last: it marks the teacher as complete
      await s3.send(
        new PutObjectCommand({ Bucket: objects.bucket, Key: `${prefix}${file}`, Body }),
      );
    }
  }

  /** @throws SetupFailure | TeacherRefused, with a message for the user */
  async function provide(name: string): Promise<void> {
    const entry = TEACHERS.get(name);
    if (!entry) return; // the validator refuses it
    const work = provided.get(name) ?? copy(entry);
    provided.set(name, work);
    await work.catch((error: unknown) => {
      provided.delete(name); // the network may work at the next try
      throw error;
    });
  }

  /** Provides as many teachers as can be had. Without a network it is tried only once: it takes long to fail. */
  async function provideAll(): Promise<void> {
    for (const name of TEACHERS.keys()) {
      if (unavailable.has(name)) continue;
      await provide(name).catch((error: unknown) => {
        if (isInsufficientStorage(error)) return; // the user has been told; there may be room at the next try
        unavailable.add(name);
        report(`Training goes on without the teacher ${name}: ${messageOf(error)}`);
      });
    }
  }

  async function provideFor(recipe: string): Promise<void> {
    const { teacher } = Recipe.parse(JSON.parse(recipe));
    await (teacher === ANY_TEACHER ? provideAll() : provide(teacher));
  }

  return {
    provide,
    /** Provides the teachers of all jobs that can be launched now. */
    async provideForOpenJobs(): Promise<void> {
      for (const job of await jobs.open()) {
        if (!['validated', 'waiting', 'launching'].includes(job.progress.state)) continue;
        if (!job.summary) continue;
        const recipe = await objects.readText(inputKeys(job.id, job.summary).recipe);
        if (recipe === undefined) continue;
        // A teacher that cannot be had, as without a network, must not keep the jobs of other teachers waiting.
        await provideFor(recipe).catch((error: unknown) => {
          if (!isInsufficientStorage(error))
            report(`the teacher of "${job.name}": ${messageOf(error)}`);
        });
      }
    },
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
