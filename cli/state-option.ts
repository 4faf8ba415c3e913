import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { STATE_VARIABLE, stateFolder } from '#local/find-state-folder.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Target } from './stack-option.ts';

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

/** Whether anything was ever kept where the command looks; a pipeline would begin by making the folder. */
export const hasState = ({ stack }: Target): boolean =>
  stack !== undefined || existsSync(stateFolder());

/** @throws CliError not found, if there can be no such job or student, because nothing was ever kept here */
export function requireState(target: Target, wanted: string): void {
  if (hasState(target)) return;
  const sentence = `There is no "${wanted}": ${stateFolder()} does not exist. Run the command in the folder where it was trained, or name its .understudy with ${STATE_OPTION}.`;
  throw new CliError(EXIT.notFound, sentence);
}
