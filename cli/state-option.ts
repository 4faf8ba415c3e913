import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { STATE_VARIABLE } from '#local/find-state-folder.ts';
import { CliError, EXIT } from './cli-error.ts';

/** The option of all commands that names the state folder. */
export const STATE_OPTION = '--state';

let given: string | undefined;

/**
 * To be called before anything looks for the state folder.
 *
 * @throws CliError usage, if it cannot be a folder
 */
export function useState(folder: string | undefined): void {
  given = folder;
  if (folder === undefined) return;
  const found = folder === '' ? undefined : statSync(folder, { throwIfNoEntry: false });
  if (folder === '' || (found && !found.isDirectory()))
    throw new CliError(EXIT.usage, `${STATE_OPTION} needs a folder, not "${folder}".`);
  process.env[STATE_VARIABLE] = resolve(folder);
}

/** The folder as the user typed it; `undefined` without the option. */
export const givenState = (): string | undefined => given;
