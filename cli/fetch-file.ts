import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CARD_FILE } from '#core/keys.ts';
import { replaceFile } from '#local/durable-files.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Library } from './library.ts';

/**
 * Streams an object to disk; the file appears only if its digest is right.
 *
 * @throws CliError if it is damaged
 */
export async function fetchFile(
  { read }: Library,
  key: string,
  file: string,
  expected?: string,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const content = await read(key);
  await replaceFile(file, async (write) => {
    const hash = createHash('sha256');
    for await (const chunk of content) {
      hash.update(chunk);
      await write(chunk);
    }
    if (expected === undefined || hash.digest('hex') === expected) return;
    const sentence = `${key} is damaged: its sha256 is not the one in ${CARD_FILE}. Train the student again.`;
    throw new CliError(EXIT.internal, sentence);
  });
}
