/** Chosen: not used by AWS emulators or other common tools. */
export const DEFAULT_PORT = 4480;

/** @returns the port, or a sentence that says what is wrong with it */
export function parsePort(text: string): number | string {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  return `"${text}" is not a port; give a number from 0 (any free port) to 65535.`;
}
