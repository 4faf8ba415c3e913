import { escapeForTerminal, escapeLinesForTerminal } from '#local/escape-for-terminal.ts';

/** Prints data, which scripts may read, to stdout. */
export const out = (text: string): void =>
  void process.stdout.write(`${escapeLinesForTerminal(text)}\n`);

/** Prints a warning or an error to stderr, also with `--quiet`. */
export const warn = (text: string): void =>
  void process.stderr.write(`${escapeLinesForTerminal(text)}\n`);

let quiet = false;

/** Leaves out everything but results, warnings and errors from now on. */
export const beQuiet = (): void => {
  quiet = true;
};
export const isQuiet = (): boolean => quiet;

/** Prints to stderr what a command is doing. */
export const info = (text: string): void => {
  if (!quiet) warn(text);
};

export const outJson = (data: unknown): void => void process.stdout.write(`${jsonText(data)}\n`);

/** JSON that is safe in a terminal too: JSON itself escapes only some of what that would not show. */
export const jsonText = (data: unknown): string =>
  JSON.stringify(data, null, 2).split('\n').map(escapeForTerminal).join('\n');

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
