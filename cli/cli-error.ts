/** What a script can branch on. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  rejected: 3, // the dataset
  failed: 4, // the training; also a job that somebody cancelled while it was waited for
  notFound: 6,
  interrupted: 130, // as a shell has it for SIGINT
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Ends a verb with a sentence and an exit code; never a stack trace. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exit: Exit;
  constructor(exit: Exit, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.exit = exit;
  }
}
