import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mlFolderOf } from '#core/ml-folder.ts';
import { TeacherEntry } from '#core/teacher.ts';
import { ENTRY_FILE } from '#teachers/import-teacher.ts';
import { runWorker } from '#training-image/worker.ts';

// The trainer's worker, with a catalogue that holds the small teacher alone.
const folder = mlFolderOf(process.env).channel('teacher');
const entry = TeacherEntry.parse(JSON.parse(await readFile(join(folder, ENTRY_FILE), 'utf8')));
await runWorker(new Map([[entry.name, entry]]));
