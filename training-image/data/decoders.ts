import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { LOADERS_LIMITED } from './decode-image.ts';

/** Threads that decode images: the resize is JavaScript, and would keep all but one core idle. */
export interface Decoders {
  readonly atOnce: number; // so many images are worth asking for at the same time
  /** As `decodeImage` does it; takes the bytes away from whoever gave them. */
  decode(bytes: Uint8Array, px: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

const MOST_THREADS = 8; // chosen: each may hold a image of 75 MB, and its work besides

export function openDecoders(): Decoders {
  const threads = Math.min(availableParallelism(), MOST_THREADS);
  const pool = new Piscina<DecodeTask, Uint8Array>({
    filename: new URL('./decode-worker.mjs', import.meta.url).href,
    minThreads: 0, // a training that goes on may have nothing left to decode
    idleTimeout: 60_000, // ms; else a thread would end whenever it has to wait
    maxThreads: threads,
    env: { ...process.env, [LOADERS_LIMITED]: 'yes' },
  });
  return {
    atOnce: 2 * threads, // one in work and one at hand for each
    decode: (bytes, px) => pool.run({ bytes, px }),
    close: () => pool.close({ force: true }),
  };
}

export interface DecodeTask {
  bytes: Uint8Array;
  px: number;
}
