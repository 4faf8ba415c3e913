import { Logger } from '@aws-lambda-powertools/logger';
import type { StageName } from '#core/wiring.ts';
import type { StageLog } from '#ports';

/** Lines of JSON on stdout, as CloudWatch Logs can search them. `POWERTOOLS_LOG_LEVEL` limits them. */
export function stageLog(stage: StageName): StageLog {
  const logger = new Logger({ serviceName: 'understudy', persistentKeys: { stage } });
  return {
    recorded: (entry) => logger.info('recorded', { ...entry }),
    failed: (error, about) =>
      logger.error('failed', {
        ...about,
        error: error instanceof Error ? error : new Error(String(error)),
      }),
  };
}
