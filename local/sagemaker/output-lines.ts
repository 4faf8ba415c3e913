import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** CloudWatch's limit for an event is 256 KiB; longer lines are split. */
const MAX_LINE = 256 * 1024; // characters

/**
 * Appends output to a file as it arrives, and passes it on line by line.
 * A log that cannot be written never blocks or ends a trainer.
 *
 * @param onProblem called once if the file cannot be written
 */
export async function keepOutput(
  output: Readable,
  path: string,
  onLine: (line: string) => void,
  onProblem: (error: unknown) => void,
): Promise<void> {
  let file: FileHandle | undefined;
  let hasProblem = false;
  const lines = lineSplitter(onLine);
  try {
    file = await open(path, 'a').catch(onProblem as () => undefined);
    for await (const chunk of output as AsyncIterable<Buffer>) {
      lines.push(chunk);
      await file?.write(chunk).catch((error: unknown) => {
        if (!hasProblem) onProblem(error);
        hasProblem = true; // what follows is written again as soon as there is room
      });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    lines.end();
    await file?.close();
  }
}

/** Splits at line feeds and carriage returns (of progress bars), and drops empty lines. */
export function lineSplitter(onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  function take(text: string) {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) {
      onLine(rest.slice(0, MAX_LINE));
    }
  }

  return {
    push: (chunk: Buffer) => take(decoder.write(chunk)),
    end: () => take(`${decoder.end()}\n`),
  };
}
