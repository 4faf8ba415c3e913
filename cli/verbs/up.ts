import { Command } from 'commander';
import { parsePort } from '#local/port.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { whenStopped } from '../interruption.ts';
import { folderInUse } from '../local-pipeline.ts';
import { startPipeline } from '../start-pipeline.ts';

export const up = (): Command =>
  new Command('up')
    .option('--port <number>', 'port on 127.0.0.1 (default: 4480, or any free port)')
    .action(async (options: { port?: string }) => {
      const port = options.port === undefined ? undefined : parsePort(options.port);
      if (typeof port === 'string') throw new CliError(EXIT.usage, port);
      whenStopped('Stopped. Running jobs go on when the pipeline starts again.');
      const pipeline = await startPipeline({ port, isShown: true });
      if (!pipeline) throw new CliError(EXIT.internal, folderInUse());
      const code = await pipeline.ended;
      if (code !== 0) throw new CliError(EXIT.internal, 'The pipeline ended unexpectedly.');
    });
