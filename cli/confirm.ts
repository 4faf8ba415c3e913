import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { escapeForTerminal } from '#local/escape-for-terminal.ts';
import { CliError, EXIT } from './cli-error.ts';

/**
 * Asks on the terminal.
 *
 * @throws CliError usage, if the answer is not yes, or if there is nobody to ask
 */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    const sentence = 'Confirmation required, but stdin is not a terminal; pass --yes.';
    throw new CliError(EXIT.usage, sentence);
  }
  process.stderr.write(`${escapeForTerminal(question)} [y/N] `);
  // Not as a terminal of its own: Ctrl-C remains a signal, which ends the command in good order.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const end = once(lines, 'close').then(() => ['']); // Ctrl-D
  const [answer] = await Promise.race([once(lines, 'line'), end]);
  lines.close();
  if (/^y(es)?$/i.test(String(answer).trim())) return;
  throw new CliError(EXIT.usage, 'Nothing was changed.');
}
