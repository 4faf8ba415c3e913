import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { mlFolder } from '#core/ml-folder.ts';
import { TeacherEntry } from '#core/teacher.ts';
import { ENTRY_FILE } from '#teachers/import-teacher.ts';
import { runWorker, type WorkerData } from '#training-image/worker.ts';

// The trainer's worker, with a catalogue of the one teacher that came with the job.
const folder = mlFolder((workerData as WorkerData).root).channel('teacher');
const entry = TeacherEntry.parse(JSON.parse(await readFile(join(folder, ENTRY_FILE), 'utf8')));
await runWorker(new Map([[entry.name, entry]]));
