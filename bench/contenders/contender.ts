import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Measurement, Task } from '../task.ts';

/** The task that this process was started with. */
export const ownTask = (): Task => Task.parse(JSON.parse(process.argv[2] ?? ''));

/** The images of a task, [batch, px, px, 3]. */
export function imagesOf({ images, batch, px }: Task): Uint8Array {
  const bytes = new Uint8Array(readFileSync(images));
  return bytes.slice(0, batch * px * px * 3);
}

/** The teacher's `model.json` for images of the task's size, and its weights. */
export function teacherOf({ teacher, px }: Task) {
  const json = JSON.parse(readFileSync(join(teacher, 'model.json'), 'utf8'));
  json.modelTopology.model_config.config.layers[0].config.batch_input_shape = [null, px, px, 3];
  return { json, weights: new Uint8Array(readFileSync(join(teacher, 'weights.bin'))) };
}

/**
 * Does a task's work, times it, and says how it went.
 *
 * @param once does it once, to the end; a number that it returns is the loss of a step
 */
export async function measure(
  { warmups, repetitions }: Task,
  versions: Record<string, string>,
  once: () => unknown,
): Promise<void> {
  let loss: number | null = null;
  for (let i = 0; i < warmups; i++) {
    const first = await once();
    if (i === 0 && typeof first === 'number') loss = first;
  }
  const cpuSeconds: number[] = [];
  const wallSeconds: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    await once();
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds.push((user + system) / 1e6);
    wallSeconds.push((performance.now() - started) / 1e3);
  }
  const node = process.version.slice(1);
  const all = {
    cpuSeconds,
    wallSeconds,
    peakBytes: peakBytes(),
    loss,
    versions: { node, ...versions },
  };
  process.stdout.write(`${JSON.stringify(Measurement.parse(all))}\n`);
}

export async function answer(
  task: Task,
  versions: Record<string, string>,
  logits: Float32Array,
): Promise<void> {
  writeFileSync(task.answer, logits);
  await measure({ ...task, warmups: 0, repetitions: 0 }, versions, () => undefined);
}

/** The most memory that this process has held. */
export function peakBytes(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return 1024 * Number(kilobytes);
}
