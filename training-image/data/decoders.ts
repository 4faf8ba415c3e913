import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { type DecodeResult, LOADERS_LIMITED } from './decode-image.ts';

/** A pool of threads that decode images: the resize is JavaScript, and on one thread it would leave all other cores idle. */
export interface Decoders {
  readonly concurrency: number; // calls of `decode` that keep all threads busy
  /**
   * Decodes one image. Its bytes are transferred, and no longer usable by the caller.
   * @throws Error if the thread itself fails, e.g. for lack of memory
   */
  decode(bytes: Uint8Array, px: number): Promise<DecodeResult>;
  /** Ends the threads, whatever they are doing. */
  close(): Promise<void>;
}

const MAX_THREADS = 8; // chosen: each may hold an image of 75 MB, and its intermediate results

export function openDecoders(
  worker: URL = new URL('./decode-worker.mjs', import.meta.url),
): Decoders {
  const threads = Math.min(availableParallelism(), MAX_THREADS);
  const pool = new Piscina<DecodeTask, DecodeResult>({
    filename: worker.href,
    minThreads: 0, // a resumed training may have nothing left to decode
    idleTimeout: 60_000, // ms; otherwise a thread would end whenever it has to wait
    maxThreads: threads,
    env: { ...process.env, [LOADERS_LIMITED]: 'yes' },
  });
  return {
    concurrency: 2 * threads, // one in work and one queued for each
    decode: (bytes, px) => pool.run({ bytes, px }),
    close: () => pool.destroy(), // pool.close() would wait half a minute for the task of a thread that has died
  };
}

export interface DecodeTask {
  bytes: Uint8Array;
  px: number;
}
