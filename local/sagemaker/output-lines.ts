import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** CloudWatch's limit of an event is 256 KiB; what is longer comes in pieces. */
const LONGEST_LINE = 256 * 1024; // characters

/**
 * Appends all output to a file, as it comes, and gives it on line by line.
 * A trainer is never held up or ended by a log that cannot be written.
 *
 * @param onProblem told once when the file cannot be written
 */
export async function keepOutput(
  output: Readable,
  path: string,
  onLine: (line: string) => void,
  onProblem: (error: unknown) => void,
): Promise<void> {
  let file: FileHandle | undefined;
  const lines = lineSplitter(onLine);
  try {
    file = await open(path, 'a').catch(onProblem as () => undefined);
    for await (const chunk of output as AsyncIterable<Buffer>) {
      lines.push(chunk);
      await file?.write(chunk).catch(async (error: unknown) => {
        onProblem(error);
        await file?.close();
        file = undefined;
      });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    lines.end();
    await file?.close();
  }
}

/** Cuts at line feeds and carriage returns (a progress bar's); empty lines are left out. */
export function lineSplitter(onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  function take(text: string) {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
    for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) {
      onLine(rest.slice(0, LONGEST_LINE));
    }
  }

  return {
    push: (chunk: Buffer) => take(decoder.write(chunk)),
    end: () => take(`${decoder.end()}\n`),
  };
}
