import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTensorflow } from '#engine/tensorflow/ensure-tensorflow.ts';
import { BenchError } from './bench-error.ts';
import { under } from './machine.ts';
import { keepStudent, type StudentRun } from './record.ts';
import { writeResults } from './results.ts';
import { setUp } from './set-up.ts';
import { type Images, type TrainingOptions, trainKeras, trainOurs } from './students.ts';

type Train = (by: StudentRun['by'], images: Images, options: TrainingOptions) => Promise<void>;
type Say = (line: string) => void;

/**
 * Trains students, keeps the result of each as soon as it is there, and rewrites the tables at the end.
 *
 * @param trainings calls the function it gets once per training
 */
export async function runStudents(
  set: StudentRun['set'],
  trainings: (train: Train, say: Say) => Promise<void>,
): Promise<void> {
  const say: Say = (line) => process.stderr.write(`${line}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
  try {
    await ensureTensorflow(say);
    const setup = { folder, say, places: await setUp(false, say) };
    await trainings(async (by, images, options) => {
      const { teacher, px, regime, seed, minutes } = options;
      const counts = { images: images.train.length, test: images.test.length };
      say(`${by}: ${counts.images} images, ${px} px, ${teacher}, ${regime}, seed ${seed}`);
      const [circumstances, student] = await under(() => {
        if (by !== 'keras') return trainOurs(images, options, setup);
        if (px === 'auto') throw new BenchError('Keras needs a size.');
        return trainKeras(images, { ...options, px }, setup);
      });
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
