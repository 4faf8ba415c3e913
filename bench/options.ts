import { BenchError } from './bench-error.ts';

/** @throws BenchError unless it is a whole number of at least 1 */
export function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new BenchError(`"${text}" is not a whole number of at least 1.`);
}

/** Who trains: `--only=ours`, `--only=keras`, by default both. */
export function contenders(only: string | undefined): { ours: boolean; keras: boolean } {
  if (only === undefined) return { ours: true, keras: true };
  if (only === 'ours' || only === 'keras')
    return { ours: only === 'ours', keras: only === 'keras' };
  throw new BenchError(`--only is "ours" or "keras", not "${only}".`);
}
