import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { CliError, EXIT } from './cli-error.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { endOnSignals, isStopping } from './interruption.ts';
import { beQuiet, warn } from './output.ts';
import { STATE_OPTION, useState } from './state-option.ts';
import { VERBS } from './verbs.ts';

/** Runs the `understudy` command: data on stdout, messages on stderr, and an exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  endOnSignals();
  process.stdout.on('error', endOfReader);
  process.exitCode = await run(argv).then(
    () => EXIT.ok,
    (error: unknown) => (isStopping() ? ENDING : exitOf(error)),
  );
}

/** A command that is being stopped has nothing more to say: the signal's handler ends the process. */
const ENDING = new Promise<never>(() => undefined);

/** Ends quietly when the reader of a pipe has seen enough, as in `understudy list | head -1`; otherwise it says what is wrong. */
function endOfReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  warn(`The output cannot be written: ${error.message}.`);
  process.exit(EXIT.disk);
}

async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('understudy')
    .description('Drop in a labelled dataset, get back a trained student model.')
    .version(packageJson.version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('Run "understudy --help" for the list of commands.')
    .option(
      `${STATE_OPTION} <folder>`,
      'where the pipeline on this machine keeps everything (env: UNDERSTUDY_STATE; default: the nearest .understudy)',
    )
    .option('-q, --quiet', 'print only results, warnings and errors')
    .option('--no-color', 'print without colours, as with NO_COLOR=1') // see understudy.mjs
    .hook('preAction', () => {
      const { state, quiet } = program.opts<{ state?: string; quiet?: true }>();
      useState(state);
      if (quiet) beQuiet();
    });
  const [wanted, ofHelp] = argv
    .slice(2)
    .filter((word, i, words) => !word.startsWith('-') && words[i - 1] !== STATE_OPTION);
  for (const { name, description, load } of VERBS) {
    // Of the others, the help shows no more than this, and loading each would take longer than most commands do.
    const isWanted = name === (wanted === 'help' ? ofHelp : wanted);
    const command = isWanted ? (await load())() : new Command(name);
    program.addCommand(command.description(description).copyInheritedSettings(program));
  }
  await program.parseAsync(argv);
}

const EXIT_CODES = `
Exit codes:
  0    success
  1    internal error
  2    usage error, or access denied
  3    the dataset or its recipe was rejected
  4    training or deployment failed, or the job was cancelled
  5    the disk is full or cannot be written
  6    not found or unreadable
  130  interrupted by Ctrl-C (143 by SIGTERM, 129 by a closed terminal)`;

function exitOf(error: unknown): number {
  const known = explainDiskError(error);
  if (known instanceof CliError) {
    warn(known.message);
    return known.exit;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // it has been printed already
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  warn(`Internal error in understudy; please report it.\n${what}`);
  return EXIT.internal;
}
