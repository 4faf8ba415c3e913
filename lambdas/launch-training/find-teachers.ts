import type { Observation } from '#core/job.ts';
import { TEACHERS_PREFIX, teacherPrefix } from '#core/keys.ts';
import { ANY_TEACHER, type Recipe, teachersFor } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { FAILURES } from '#core/training-contract.ts';
import type { Objects } from '#ports';

type Candidate = Pick<TeacherEntry, 'name' | 'files'>;

export interface TeacherPorts {
  objects: Objects;
  teachers: ReadonlyMap<string, Candidate>;
  teachersInImage: readonly string[]; // the training image contains these; the others come from the bucket
}

/** The prefix of the training job's teacher channel, `undefined` if it needs none; or why the job cannot be launched. */
export type FoundTeachers = { channel: string | undefined } | { failure: Observation };

/**
 * Finds the teachers of a recipe, in the image or in the bucket, where their files must be exactly those of the
 * catalogue. Of several candidates some may be missing from the bucket, but not all, and none may differ.
 */
export async function findTeachers(
  { objects, teachers, teachersInImage }: TeacherPorts,
  recipe: Pick<Recipe, 'teacher'>,
): Promise<FoundTeachers> {
  const candidates = teachersFor(recipe, teachers);
  const isInImage = ({ name }: Candidate) => teachersInImage.includes(name);
  // Of a candidate in the image, too, the bucket may hold a copy, which the trainer would prefer.
  if (candidates.length > 0 && candidates.every(isInImage)) return { channel: undefined };

  const missing: string[] = []; // keys
  let complete = 0; // candidates in the bucket
  for (const candidate of candidates) {
    const { changed, absent } = await inspect(objects, candidate);
    if (changed !== undefined) {
      return { failure: failure(`${changed} differs from the catalogue's file.`) };
    }
    if (absent === undefined) complete += 1;
    else missing.push(absent);
  }
  if (complete > 0) {
    const isAny = recipe.teacher === ANY_TEACHER;
    return { channel: isAny ? TEACHERS_PREFIX : teacherPrefix(recipe.teacher) };
  }
  if (candidates.some(isInImage)) return { channel: undefined };
  return { failure: failure(whatIsMissing(recipe.teacher, missing)) };
}

/** The first file of a teacher that differs in the bucket, and the first that is not there. */
async function inspect(
  objects: Objects,
  { name, files }: Candidate,
): Promise<{ changed?: string; absent?: string }> {
  let absent: string | undefined;
  for (const file of files) {
    const key = `${teacherPrefix(name)}${file.name}`;
    const found = await objects.digest(key);
    if (!found) absent ??= key;
    else if (found.sha256 !== file.sha256) return { changed: key };
  }
  return absent === undefined ? {} : { absent };
}

function whatIsMissing(teacher: string, [key, ...others]: readonly string[]): string {
  if (key === undefined) return `The catalogue has no teacher "${teacher}".`;
  return others.length === 0 ? `${key} is missing.` : 'The bucket has no complete teacher.';
}

const failure = (what: string): Observation => ({
  type: 'stage-failed',
  code: 'TEACHER_CHANGED',
  what,
  remedy: FAILURES.TEACHER_CHANGED,
});
