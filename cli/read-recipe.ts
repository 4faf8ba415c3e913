import { type FileHandle, open } from 'node:fs/promises';
import { MAX_RECIPE_LENGTH } from '#core/parse-recipe.ts';
import { CliError, EXIT } from './cli-error.ts';
import { pathProblem } from './list-files.ts';

const MAX_BYTES = 4 * MAX_RECIPE_LENGTH; // UTF-8 has at most four bytes for a character

/**
 * Reads a recipe as text, with the byte order mark if there is one. Of a file that is too long, it reads only as much
 * as shows that.
 *
 * @throws CliError not found; usage; rejected
 */
export async function readRecipe(file: string): Promise<string> {
  const bytes = await readStart(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new CliError(EXIT.notFound, `There is no recipe ${file}.`, { cause });
    if (cause.code === 'EISDIR') {
      const sentence = `${file} is a folder, not a recipe; give the JSON file itself.`;
      throw new CliError(EXIT.usage, sentence, { cause });
    }
    throw new CliError(EXIT.usage, pathProblem(file, cause), { cause });
  });
  const start = bytes.subarray(0, 2).toString('hex');
  if (start === 'fffe' || start === 'feff')
    throw new CliError(EXIT.rejected, `${file} is encoded as UTF-16; save it as UTF-8.`);
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes, { stream: bytes.length > MAX_BYTES }); // it may be cut inside a character
  } catch (cause) {
    throw new CliError(EXIT.rejected, `${file} is not text in UTF-8; save it as UTF-8.`, { cause });
  }
}

async function readStart(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    return await readAtMost(handle, MAX_BYTES + 1);
  } finally {
    await handle.close();
  }
}

/** Also from a pipe, as the shell's `<(…)` gives one. */
async function readAtMost(handle: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await handle.read(buffer, length, limit - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
