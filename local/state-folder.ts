import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { replaceFile } from './durable-files.ts';

/** The folder in which the pipeline on this machine keeps everything: bucket, table, training jobs, logs. */
export const stateFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.UNDERSTUDY_FOLDER ||
  join(dirname(fileURLToPath(import.meta.url)), '..', '.understudy');

/** The exit code of local/main.ts when another process holds the folder; EX_TEMPFAIL of sysexits.h. */
export const EXIT_FOLDER_IN_USE = 75;

/** The address of the running pipeline; the file exists while it runs, and remains after a kill -9. */
const EndpointFile = z.object({
  endpoint: z.url(),
  pid: z.int().positive(),
});
export type EndpointFile = z.infer<typeof EndpointFile>;

const endpointFile = (folder: string): string => join(folder, 'endpoint.json');

export function readEndpoint(folder: string): EndpointFile | undefined {
  try {
    return EndpointFile.parse(JSON.parse(readFileSync(endpointFile(folder), 'utf8')));
  } catch {
    return undefined; // no file, or not one of ours: no pipeline can be found
  }
}

export function writeEndpoint(folder: string, endpoint: string): Promise<void> {
  const content: EndpointFile = { endpoint, pid: process.pid };
  return replaceFile(endpointFile(folder), JSON.stringify(content));
}

export const removeEndpoint = (folder: string): Promise<void> =>
  rm(endpointFile(folder), { force: true });
