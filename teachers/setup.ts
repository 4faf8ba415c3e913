import { SetupFailure } from '#engine/tensorflow/setup-failure.ts';
import { CATALOGUE } from './catalogue.ts';
import { importTeacher } from './import-teacher.ts';
import { TeacherRefused } from './teacher-refused.ts';

// The second part of `npm run setup`: brings all teachers into the cache, so that no training has to wait for them.

const print = (line: string) => process.stderr.write(`${line}\n`);

try {
  for (const entry of CATALOGUE) await importTeacher(entry, { report: print });
  print(`The teachers are ready: ${CATALOGUE.map(({ name }) => name).join(', ')}.`);
} catch (error) {
  if (!(error instanceof SetupFailure || error instanceof TeacherRefused)) throw error;
  print(error.message);
  process.exitCode = 1;
}
