import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { BenchError } from './bench-error.ts';
import { under } from './machine.ts';
import { keepStudent, type StudentRun } from './record.ts';
import { writeResults } from './results.ts';
import { setUp } from './set-up.ts';
import { type Images, type Request, trainKeras, trainOurs } from './students.ts';

type Train = (by: StudentRun['by'], images: Images, request: Request) => Promise<void>;
type Say = (line: string) => void;

/**
 * Sets everything up, and keeps the result of each training as soon as there is one.
 *
 * @param trainings calls the function that it is given for each training
 */
export async function runStudents(
  set: StudentRun['set'],
  trainings: (train: Train, say: Say) => Promise<void>,
): Promise<void> {
  const say: Say = (line) => process.stderr.write(`${line}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
  try {
    await ensureTensorflow(say);
    const workshop = { folder, say, places: await setUp(false, say) };
    await trainings(async (by, images, request) => {
      const { teacher, px, regime, seed, minutes } = request;
      const counts = { images: images.train.length, test: images.test.length };
      say(`${by}: ${counts.images} images, ${px} px, ${teacher}, ${regime}, seed ${seed}`);
      const train = by === 'keras' ? trainKeras : trainOurs;
      const [circumstances, student] = await under(() => train(images, request, workshop));
      const asked = { teacher, px, regime, seed, ...(by !== 'keras' && { minutes }) };
      await keepStudent({ ...circumstances, set, by, ...counts, ...asked, ...student });
      say(
        `${(100 * student.accuracy).toFixed(1)}% in ${student.cpuSeconds.toFixed(0)} CPU-seconds`,
      );
    }, say);
    await writeResults();
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    say(error.message);
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
