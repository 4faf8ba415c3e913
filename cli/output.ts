import { escapeForTerminal, escapeLinesForTerminal } from '#local/escape-for-terminal.ts';

/** Prints data, which scripts may read, to stdout. */
export const out = (text: string): void =>
  void process.stdout.write(`${escapeLinesForTerminal(text)}\n`);

/** Prints a message for a person to stderr. */
export const info = (text: string): void =>
  void process.stderr.write(`${escapeLinesForTerminal(text)}\n`);

export const outJson = (data: unknown): void => void process.stdout.write(`${jsonText(data)}\n`);

/** JSON that is safe in a terminal too: JSON itself escapes only some of what that would not show. */
export const jsonText = (data: unknown): string =>
  JSON.stringify(data, null, 2).split('\n').map(escapeForTerminal).join('\n');

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
