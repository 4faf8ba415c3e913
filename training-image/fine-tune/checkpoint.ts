import * as z from 'zod';
import type { Values } from '#engine/variables.ts';
import { exists, readVerified, writeAtomic } from '../storage/atomic-file.ts';

/** How a fine-tuning was doing at the end of an epoch. */
export const EpochEnd = z.object({
  epoch: z.int().min(1),
  trainCrossEntropy: z.number(), // nats
  validation: z.object({ accuracy: z.number(), crossEntropy: z.number() }).optional(), // none without held-out images
});
export type EpochEnd = z.infer<typeof EpochEnd>;

/** How far a fine-tuning is. Together with the seed it determines everything random: order and augmentation. */
export const FineTuningProgress = z.object({
  epoch: z.int().min(0), // the current one
  seen: z.int().min(0), // examples of this epoch that were trained on
  lossSum: z.number(), // over those, in nats
  batchSize: z.int().min(1),
  seconds: z.number().min(0), // spent of the budget
  total: z.int().min(0), // examples that the schedule sees in all epochs
  curve: z.array(EpochEnd).default([]), // checkpoints of earlier versions lack it
});
export type FineTuningProgress = z.infer<typeof FineTuningProgress>;

/** Everything that a fine-tuning needs to resume as if it had not been interrupted. */
export interface Checkpoint {
  progress: FineTuningProgress;
  weights: Values;
  optimizer: Values;
}

const GROUPS = ['weights', 'optimizer'] as const;
const Lengths = z.array(z.tuple([z.string(), z.int().min(0)]));
const Header = z.object({
  progress: FineTuningProgress,
  weights: Lengths,
  optimizer: Lengths,
});

/** File format: the header's length (uint32), the header as JSON, padded to a multiple of 4 bytes, then all values (float32). */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const lengths = GROUPS.map((group) => [
    group,
    [...checkpoint[group]].map(([name, values]) => [name, values.length]),
  ]);
  const json = JSON.stringify({ progress: checkpoint.progress, ...Object.fromEntries(lengths) });
  const bytes = Buffer.from(json);
  const header = Buffer.alloc(4 * Math.ceil(bytes.length / 4), ' ');
  bytes.copy(header);
  const values = GROUPS.flatMap((group) => [...checkpoint[group].values()]);
  await writeAtomic(file, [Uint32Array.of(header.length), header, ...values]);
}

/** @returns `undefined` if there is none; 'damaged' if the file cannot be used */
export async function readCheckpoint(file: string): Promise<Checkpoint | 'damaged' | undefined> {
  if (!(await exists(file))) return undefined;
  const bytes = await readVerified(file);
  return (bytes && parse(bytes)) ?? 'damaged';
}

function parse(bytes: Uint8Array<ArrayBuffer>): Checkpoint | undefined {
  try {
    const [headerBytes = 0] = new Uint32Array(bytes.buffer, 0, 1);
    const json = Buffer.from(bytes.buffer, 4, headerBytes).toString();
    const header = Header.parse(JSON.parse(json));
    let at = 4 + headerBytes;
    const groups = GROUPS.map((group): Values => {
      const values = header[group].map(([name, length]) => {
        const from = at;
        at += length * Float32Array.BYTES_PER_ELEMENT;
        return [name, new Float32Array(bytes.buffer, from, length)] as const;
      });
      return new Map(values);
    });
    const [weights, optimizer] = groups as [Values, Values];
    return at === bytes.length ? { progress: header.progress, weights, optimizer } : undefined;
  } catch {
    return undefined;
  }
}
