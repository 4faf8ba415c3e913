import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';

const RUN = fileURLToPath(new URL('../../local/main.ts', import.meta.url));

export const up = (): Command =>
  new Command('up')
    .description('runs the pipeline on this machine until Ctrl-C')
    .option('--port <number>', 'port on 127.0.0.1 (default: 4480, or any free port)')
    .action(async ({ port }: { port?: string }) => {
      const options = port === undefined ? [] : ['--port', port];
      const tsx = import.meta.resolve('tsx');
      const child = spawn(process.execPath, ['--import', tsx, RUN, ...options], {
        stdio: 'inherit',
      });
      // Ctrl-C reaches both processes, since they are one group; a signal to this process alone is passed on.
      process.on('SIGINT', () => undefined);
      process.on('SIGTERM', () => child.kill('SIGTERM'));
      const code = await new Promise<number>((resolve) => {
        child.once('exit', (exit) => resolve(exit ?? 1));
      });
      if (code !== 0)
        throw new CliError(
          code === EXIT.usage ? EXIT.usage : EXIT.internal,
          'The pipeline stopped.',
        );
    });
