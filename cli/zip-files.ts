import { join, sep } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import yazl from 'yazl';
import { CliError, EXIT } from './cli-error.ts';

/**
 * Zips files of a folder while the result is being read. The same files give the same bytes, whenever they were
 * modified: the same folder is the same job.
 *
 * @param files paths relative to `folder`
 * @returns a stream that fails with a CliError if a file is removed, changed or unreadable meanwhile
 */
export function zipFiles(folder: string, files: readonly string[]): Readable {
  const zip = new yazl.ZipFile();
  const mtime = new Date('1980-01-01T00:00:00Z');
  for (const file of files) {
    const entry = file.split(/[\\/]/).join('/');
    try {
      zip.addFile(join(folder, file), entry, { mtime, mode: 0o100644, compress: false }); // images are compressed already
    } catch (error) {
      const reason = error instanceof Error ? error.message : error; // such as a name that begins with "C:"
      const what = `${file} has a name that a zip cannot hold (${reason}).`;
      throw new CliError(EXIT.usage, `${what} Rename it and run the command again.`, {
        cause: error,
      });
    }
  }
  zip.end();
  const output = new PassThrough();
  zip.on('error', (error) => output.destroy(zipFailure(folder, error))); // yazl does not forward it to its stream
  return zip.outputStream.pipe(output);
}

function zipFailure(folder: string, error: unknown): CliError {
  const { path, code, message } = error as NodeJS.ErrnoException;
  const file = path?.startsWith(folder + sep) ? path.slice(folder.length + 1) : path;
  const reason = code === 'ENOENT' ? 'it was removed' : message;
  const what =
    file === undefined
      ? `The folder changed during the upload (${message})`
      : `${file} could not be read (${reason})`;
  return new CliError(
    EXIT.usage,
    `${what}. The dataset was not uploaded; run the command again once the folder is complete.`,
    { cause: error },
  );
}
