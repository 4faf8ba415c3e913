import { open } from 'node:fs/promises';
import { FAILURE_CHARACTERS } from '#core/ml-folder.ts';
import type { TrainerExit } from './trainer.ts';

/**
 * SageMaker's FailureReason for a trainer that failed; the exit code comes last, after the trainer's own message.
 *
 * @param failureFile the path where the trainer may have left its message
 */
export async function algorithmError(
  { exitCode, problem }: TrainerExit,
  failureFile: string,
): Promise<string> {
  const reason = problem ?? (await messageIn(failureFile));
  return `AlgorithmError: ${reason}, exit code: ${exitCode}`;
}

/** The message in a failure file; empty if there is no such file. */
async function messageIn(path: string): Promise<string> {
  try {
    const text = await readStart(path);
    return text.slice(0, FAILURE_CHARACTERS).trim();
  } catch {
    return '';
  }
}

/** Reads the start of a file of any size. */
async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4 * FAILURE_CHARACTERS)); // UTF-8 takes up to 4 each
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
