import { resolve } from 'node:path';
import { STATE_VARIABLE } from '#local/find-state-folder.ts';

/** The option of all commands that names the state folder. */
export const STATE_OPTION = '--state';

let given: string | undefined;

/** To be called before anything looks for the state folder. */
export function useState(folder: string | undefined): void {
  given = folder;
  if (folder !== undefined) process.env[STATE_VARIABLE] = resolve(folder);
}

/** The folder as the user typed it; `undefined` without the option. */
export const givenState = (): string | undefined => given;
