import { writeSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { CliError, EXIT } from './cli-error.ts';
import { info } from './output.ts';
import { cancel } from './verbs/cancel.ts';
import { demo } from './verbs/demo.ts';
import { deploy } from './verbs/deploy.ts';
import { destroy } from './verbs/destroy.ts';
import { download } from './verbs/download.ts';
import { list } from './verbs/list.ts';
import { outputs } from './verbs/outputs.ts';
import { predict } from './verbs/predict.ts';
import { report } from './verbs/report.ts';
import { retry } from './verbs/retry.ts';
import { status } from './verbs/status.ts';
import { teachers } from './verbs/teachers.ts';
import { train } from './verbs/train.ts';
import { up } from './verbs/up.ts';

/** Runs the `understudy` command: data on stdout, messages on stderr, and an exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('understudy')
    .description('Drop in a labelled dataset, get back a trained student model.')
    .version(packageJson.version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('Run "understudy --help" for the list of commands.');
  for (const verb of [
    demo,
    up,
    train,
    status,
    list,
    report,
    predict,
    download,
    retry,
    cancel,
    teachers,
    deploy,
    outputs,
    destroy,
  ]) {
    program.addCommand(verb().exitOverride());
  }

  let stack: string | undefined;
  program.hook('preAction', (_, command) => {
    stack = command.opts().stack;
  });
  process.on('SIGINT', () => {
    // Not through process.stderr: a list of steps holds it back, and hides the cursor, while it is shown.
    const showCursor = process.stderr.isTTY ? '\u001b[?25h' : '';
    writeSync(process.stderr.fd, `${showCursor}Interrupted. ${afterInterruption(stack)}\n`);
    process.exit(EXIT.interrupted); // a pipeline that this command started notices, and stops in good order
  });
  process.exitCode = await program.parseAsync(argv).then(() => EXIT.ok, exitOf);
}

/** Says what becomes of the running jobs: those of a deployed pipeline do not depend on this command. */
export const afterInterruption = (stack: string | undefined): string =>
  stack === undefined
    ? 'Running jobs resume when the pipeline starts again.'
    : `Running jobs continue in the stack "${stack}".`;

const EXIT_CODES = `
Exit codes:
  0    success
  1    internal error
  2    usage error
  3    the dataset or its recipe was rejected
  4    training failed or was cancelled
  6    not found
  130  interrupted`;

function exitOf(error: unknown): number {
  if (error instanceof CliError) {
    info(error.message);
    return error.exit;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has been printed already
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  info(`Internal error in understudy; please report it.\n${what}`);
  return EXIT.internal;
}
