import { Command, CommanderError } from 'commander';
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
import { retry } from './verbs/retry.ts';
import { status } from './verbs/status.ts';
import { teachers } from './verbs/teachers.ts';
import { train } from './verbs/train.ts';
import { up } from './verbs/up.ts';

/** The `understudy` command: data on stdout, talk on stderr, and an exit code that says what happened. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('understudy')
    .description('Drop a labelled dataset, get a trained student model back.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(understudy --help lists the verbs)');
  for (const verb of [
    demo,
    up,
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

  process.on('SIGINT', () => {
    info('Interrupted; what was under way goes on when the pipeline runs again.');
    process.exit(EXIT.interrupted); // a pipeline of this command's own warnings, and ends in good order
  });
  process.exitCode = await program.parseAsync(argv).then(() => EXIT.ok, exitOf);
}

function exitOf(error: unknown): number {
  if (error instanceof CliError) {
    info(error.message);
    return error.exit;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has spoken itself
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  info(`This is a fault of ours; please report it.\n${what}`);
  return EXIT.internal;
}
