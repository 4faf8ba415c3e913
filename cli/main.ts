import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { CliError, EXIT } from './cli-error.ts';
import { endOnSignals, isStopping } from './interruption.ts';
import { info } from './output.ts';
import { cancel } from './verbs/cancel.ts';
import { demo } from './verbs/demo.ts';
import { deploy } from './verbs/deploy.ts';
import { destroy } from './verbs/destroy.ts';
import { down } from './verbs/down.ts';
import { download } from './verbs/download.ts';
import { list } from './verbs/list.ts';
import { outputs } from './verbs/outputs.ts';
import { predict } from './verbs/predict.ts';
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
    down,
    train,
    status,
    list,
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

  endOnSignals();
  process.exitCode = await program.parseAsync(argv).then(
    () => EXIT.ok,
    (error: unknown) => (isStopping() ? ENDING : exitOf(error)),
  );
}

/** A command that is being stopped has nothing more to say: the signal's handler ends the process. */
const ENDING = new Promise<never>(() => undefined);

const EXIT_CODES = `
Exit codes:
  0    success
  1    internal error
  2    usage error
  3    the dataset was rejected
  4    training failed or was cancelled
  6    not found
  130  interrupted by Ctrl-C (143 by SIGTERM, 129 by a closed terminal)`;

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
