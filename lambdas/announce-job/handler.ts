import { eventBridgeAnnouncer } from '#lambdas/aws/announcer.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { stageLog } from '#lambdas/aws/stage-log.ts';
import { AnnouncementVariables, environment, PipelineVariables } from '#lambdas/environment.ts';
import { streamHandler } from '#lambdas/stream-handler.ts';
import { announceJob } from './announce-job.ts';

const variables = environment(PipelineVariables.extend(AnnouncementVariables.shape));
const ports = {
  jobs: dynamoJobs(variables.JOB_TABLE),
  announcer: eventBridgeAnnouncer(variables.ANNOUNCEMENT_BUS),
  log: stageLog('announce-job'),
  now: () => new Date(),
};

/** Invoked for rows with announcements in their outbox. */
export const handler = streamHandler(ports.log, (jobId) => announceJob(ports, jobId));
