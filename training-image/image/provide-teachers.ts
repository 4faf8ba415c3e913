import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';

// A step of the Dockerfile: imports all teachers into the given folder, so that jobs need no teacher channel.
const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Usage: provide-teachers.ts FOLDER');

const cacheFolder = await mkdtemp(join(tmpdir(), 'teachers-'));
const report = (line: string) => process.stderr.write(`${line}\n`);
for (const entry of CATALOGUE) {
  const imported = await importTeacher(entry, { cacheFolder, report });
  await cp(imported, join(folder, entry.name), { recursive: true });
}
await rm(cacheFolder, { recursive: true });
