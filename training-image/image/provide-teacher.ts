import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TEACHER, teacherNamed } from '#teachers/catalogue.ts';
import { importTeacher } from '#teachers/import-teacher.ts';

// A step of the Dockerfile: imports the default teacher into the given folder, so that jobs need no teacher channel.
const [folder] = process.argv.slice(2);
const entry = teacherNamed(DEFAULT_TEACHER);
if (!folder || !entry) throw new Error('Usage: provide-teacher.ts FOLDER');

const cacheFolder = await mkdtemp(join(tmpdir(), 'teacher-'));
const report = (line: string) => process.stderr.write(`${line}\n`);
const imported = await importTeacher(entry, { cacheFolder, report });
await cp(imported, join(folder, entry.name), { recursive: true });
await rm(cacheFolder, { recursive: true });
