import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { mlFolder } from '#core/ml-folder.ts';
import { TeacherEntry } from '#core/teacher.ts';
import { ENTRY_FILE } from '#teachers/import-teacher.ts';
import { runWorker, type WorkerData } from '#training-image/worker.ts';

// The trainer's worker, with a catalogue of the teachers in the job's channel: one at its root, or one per folder.
const channel = mlFolder((workerData as WorkerData).root).channel('teacher');
const names = await readdir(channel);
const folders = names.includes(ENTRY_FILE) ? [channel] : names.map((name) => join(channel, name));
const entries = await Promise.all(
  folders.map(async (folder) =>
    TeacherEntry.parse(JSON.parse(await readFile(join(folder, ENTRY_FILE), 'utf8'))),
  ),
);
// From the quickest to the most accurate, as in the real catalogue.
entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
await runWorker(new Map(entries.map((entry) => [entry.name, entry])));
