import pLimit from 'p-limit';
import { sha256 } from '#core/identity.ts';
import type { ManifestExample } from '#core/manifest.ts';
import { refusedFor } from '../job/errors.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { shardsOf } from '../storage/shards.ts';
import { type Dataset, FileRefused } from './read-dataset.ts';

const CONCURRENCY = 8; // chosen: reads that wait for the disk while others are hashed

/**
 * Reads every example once and verifies it against the manifest.
 *
 * @param see is shown the bytes of each example
 * @returns the sha256 of each example's bytes, in the order of the manifest
 * @throws TrainingRefused, naming the files, with the code of the first in the manifest
 */
export async function verifyExamples(
  dataset: Dataset,
  examples: readonly ManifestExample[],
  report: Reporter,
  stop: StopSignal,
  see: (path: string, bytes: Uint8Array) => void = () => undefined,
): Promise<string[]> {
  const limit = pLimit(CONCURRENCY);
  const results: (string | FileRefused)[] = [];
  let done = 0;

  async function verify(example: ManifestExample): Promise<string | FileRefused> {
    stop.throwIfRequested();
    report.progress('verify', done, examples.length);
    try {
      const bytes = await dataset.read(example);
      see(example.path, bytes);
      return sha256(bytes);
    } catch (error) {
      if (error instanceof FileRefused) return error;
      throw error;
    } finally {
      done += 1;
    }
  }

  for (const { from, count } of shardsOf(examples.length)) {
    results.push(...(await limit.map(examples.slice(from, from + count), verify)));
  }
  report.progress('verify', examples.length, examples.length);

  const refused = results.filter((result) => result instanceof FileRefused);
  const [first] = refused;
  if (!first) return results.filter((result) => typeof result === 'string');
  const broken = refused.flatMap(({ files }) => files);
  throw refusedFor(first.code, broken, { cause: first });
}
