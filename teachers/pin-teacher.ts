import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { TeacherEntry } from '#core/teacher.ts';
import { convertTeacher, ENTRY_FILE } from './import-teacher.ts';

// For maintainers: `tsx teachers/pin-teacher.ts NAME` imports a teacher anew and writes the digests of what came out
// into its entry. Needed when an entry is added or the importer changes; the difference belongs into a review.

const name = process.argv[2];
if (!name || process.argv.length > 3) throw new Error('usage: tsx teachers/pin-teacher.ts NAME');

const path = new URL(`./${name}/${ENTRY_FILE}`, import.meta.url);
const entry = TeacherEntry.parse(JSON.parse(await readFile(path, 'utf8')));
const folder = await mkdtemp(join(tmpdir(), 'understudy-pin-'));
try {
  const made = await convertTeacher(entry, folder, (line) => process.stderr.write(`${line}\n`));
  const files = [...made].map(([name, bytes]) => ({
    name,
    bytes: bytes.length,
    sha256: sha256(bytes),
  }));
  await writeFile(path, `${JSON.stringify({ ...entry, files }, null, 2)}\n`);
  for (const file of files)
    process.stdout.write(`${file.sha256}  ${file.name} (${file.bytes} bytes)\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
