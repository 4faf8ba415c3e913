import { sha256 } from '#core/identity.ts';
import type { ManifestExample } from '#core/manifest.ts';
import { TrainingRefused, tellFaults } from '../job/errors.ts';
import type { Tell } from '../job/reporter.ts';
import { type Dataset, FileRefused } from './read-dataset.ts';

/**
 * Reads everything once, against the manifest.
 *
 * @returns the sha256 of each example's bytes
 * @throws TrainingRefused, which names the files
 */
export async function verifyExamples(
  dataset: Dataset,
  examples: readonly ManifestExample[],
  tell: Tell,
): Promise<string[]> {
  const contents: string[] = [];
  const refused: FileRefused[] = [];
  for (const [done, example] of examples.entries()) {
    tell.progress('verify', done, examples.length);
    try {
      contents.push(sha256(await dataset.read(example)));
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      refused.push(error);
    }
  }
  tell.progress('verify', examples.length, examples.length);

  const [first] = refused;
  if (!first) return contents;
  const faults = refused.map(({ fault }) => fault);
  throw new TrainingRefused(first.code, tellFaults(faults), { cause: first });
}
