import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** Where the pipeline of this machine keeps everything: bucket, table, training jobs, logs. */
export const stateFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.UNDERSTUDY_FOLDER ||
  join(dirname(fileURLToPath(import.meta.url)), '..', '.understudy');

/** Where the running pipeline can be reached; there while it runs, and after a kill -9. */
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
    return undefined; // none, or half of one: then nothing runs that could be found
  }
}

export async function writeEndpoint(folder: string, endpoint: string): Promise<void> {
  const content: EndpointFile = { endpoint, pid: process.pid };
  const unfinished = `${endpointFile(folder)}.${process.pid}`;
  await writeFile(unfinished, JSON.stringify(content));
  await rename(unfinished, endpointFile(folder));
}

export const removeEndpoint = (folder: string): Promise<void> =>
  rm(endpointFile(folder), { force: true });
