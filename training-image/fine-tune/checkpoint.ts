import { access } from 'node:fs/promises';
import * as z from 'zod';
import type { Values } from '#engine/variables.ts';
import { readWhole, writeWhole } from '../storage/atomic-file.ts';

/** How far a fine-tuning is. With the seed, it determines all that is random: the order of the examples and the augmentation. */
export const Progress = z.object({
  epoch: z.int().min(0), // the present one
  seen: z.int().min(0), // examples of its order that have been learned from
  lossSum: z.number(), // of those, in nats
  batch: z.int().min(1),
  seconds: z.number().min(0), // of the budget that are spent
  best: z.object({ epoch: z.int(), accuracy: z.number(), crossEntropy: z.number() }).optional(), // by the loss on validation
});
export type Progress = z.infer<typeof Progress>;

/** All that a fine-tuning needs to go on as if nothing had happened. */
export interface Checkpoint {
  progress: Progress;
  weights: Values;
  optimizer: Values;
  bestWeights: Values; // empty before the first epoch is over
}

const GROUPS = ['weights', 'optimizer', 'bestWeights'] as const;
const Lengths = z.array(z.tuple([z.string(), z.int().min(0)]));
const Header = z.object({
  progress: Progress,
  weights: Lengths,
  optimizer: Lengths,
  bestWeights: Lengths,
});

/** The length of the header in four bytes, the header as JSON, filled up to a multiple of four, and then all values. */
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
  await writeWhole(file, [Uint32Array.of(header.length), header, ...values]);
}

/** @returns `undefined` if there is none; `damaged` if there is something else */
export async function readCheckpoint(file: string): Promise<Checkpoint | 'damaged' | undefined> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const bytes = await readWhole(file);
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
    const [weights, optimizer, bestWeights] = groups as [Values, Values, Values];
    return at === bytes.length
      ? { progress: header.progress, weights, optimizer, bestWeights }
      : undefined;
  } catch {
    return undefined;
  }
}
