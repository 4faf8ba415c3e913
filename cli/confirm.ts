import { createInterface } from 'node:readline/promises';
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
  // Not as a terminal of its own: Ctrl-C remains a signal, which ends the command in good order.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const answer = await lines.question(`${question} [y/N] `);
  lines.close();
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CliError(EXIT.usage, 'Nothing was changed.');
}
