import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { TeacherEntry } from '#core/teacher.ts';
import { convertTeacher, ENTRY_FILE } from './import-teacher.ts';

// For maintainers: `npm run pin:teacher NAME` imports a teacher and writes the digests of the resulting files into its
// teacher.json, which may still lack them. Needed when a teacher is added or the importer changes; review the difference.

const name = process.argv[2];
if (!name || process.argv.length > 3) throw new Error('usage: npm run pin:teacher NAME');

const path = new URL(`./${name}/${ENTRY_FILE}`, import.meta.url);
const { files: _, ...written } = JSON.parse(await readFile(path, 'utf8'));
const entry = TeacherEntry.omit({ files: true }).parse(written);
const folder = await mkdtemp(join(tmpdir(), 'understudy-pin-'));
try {
  const made = await convertTeacher({ ...entry, files: [] }, folder, (line) =>
    process.stderr.write(`${line}\n`),
  );
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
