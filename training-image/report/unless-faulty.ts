import type { Reporter } from '../job/reporter.ts';

/**
 * Makes a part of the report. A fault in it must not cost the student, which is trained by then.
 *
 * @returns `undefined` if it could not be made; the log then says why
 */
export async function unlessFaulty<T>(
  report: Reporter,
  make: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    report.line(`The report could not be made: ${why}`);
    return undefined;
  }
}
