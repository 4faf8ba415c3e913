import type { Job } from '#core/job.ts';

/** The exit codes, which `understudy --help` documents. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  rejected: 3, // the dataset or its recipe
  failed: 4, // training failed, or the job was cancelled in the meantime
  disk: 5, // it is full, or cannot be written
  notFound: 6,
  interrupted: 130, // as shells report SIGINT
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message and an exit code, without a stack trace. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exit: Exit;
  constructor(exit: Exit, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}

/** A job has ended without a student. */
export class JobEnded extends CliError {
  readonly job: Job;
  constructor(exit: Exit, job: Job, message: string) {
    super(exit, message);
    this.job = job;
  }
}
