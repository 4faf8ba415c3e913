import { TeacherEntry } from '#core/teacher.ts';
import lite0 from './efficientnet-lite0/teacher.json' with { type: 'json' };
import lite1 from './efficientnet-lite1/teacher.json' with { type: 'json' };
import lite2 from './efficientnet-lite2/teacher.json' with { type: 'json' };

// Lambdas bundle this file: it must import nothing that reads, fetches or converts.

/** All teachers, from the fastest to the most accurate. */
export const CATALOGUE: readonly TeacherEntry[] = [lite0, lite1, lite2].map((entry) =>
  TeacherEntry.parse(entry),
);

/** The teacher that the local pipeline provides when it starts, before it has read a recipe. */
export const DEFAULT_TEACHER = 'efficientnet-lite0';

export const teacherNamed = (name: string): TeacherEntry | undefined =>
  CATALOGUE.find((entry) => entry.name === name);

/** The catalogue by name, in the same order. */
export const TEACHERS: ReadonlyMap<string, TeacherEntry> = new Map(
  CATALOGUE.map((entry) => [entry.name, entry]),
);
