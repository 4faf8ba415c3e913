import { spawn } from 'node:child_process';

/** What opens a file in its program, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};

/**
 * Opens a page in the reader's browser.
 *
 * @returns whether something was there to open it
 */
export function openInBrowser(
  file: string,
  [command, ...words]: readonly [string, ...string[]] = OPENERS[process.platform] ?? ['xdg-open'],
): Promise<boolean> {
  return new Promise((resolve) => {
    const opener = spawn(command, [...words, file], { stdio: 'ignore', detached: true });
    opener.on('error', () => resolve(false)); // there is no such program
    opener.on('exit', (code) => resolve(code === 0));
    const settled = setTimeout(() => resolve(true), LONG_ENOUGH_MS); // some stay as long as the browser
    opener.on('exit', () => clearTimeout(settled));
    opener.on('error', () => clearTimeout(settled));
    opener.unref();
  });
}

const LONG_ENOUGH_MS = 2_000;
