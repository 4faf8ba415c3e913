import { Logger } from '@aws-lambda-powertools/logger';
import type { StageName } from '#core/wiring.ts';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
import type { StageLog } from '#ports';

/** One line of JSON per entry, for CloudWatch Logs. `POWERTOOLS_LOG_LEVEL` sets the lowest level that is written. */
export function stageLog(stage: StageName): StageLog {
  const logger = new Logger({ serviceName: 'understudy', persistentKeys: { stage } });
  return {
    recorded: (entry) => logger.info('recorded', { ...entry }),
    failed(error, about) {
      if (isInsufficientStorage(error)) return; // the service has told the user, once
      logger.error('failed', {
        ...about,
        error: error instanceof Error ? error : new Error(String(error)),
      });
    },
  };
}
