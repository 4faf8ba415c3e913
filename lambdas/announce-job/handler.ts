import { eventBridgeAnnouncer } from '#lambdas/aws/announcer.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { AnnouncementVariables, environment, PipelineVariables } from '#lambdas/environment.ts';
import { streamHandler } from '#lambdas/stream-handler.ts';
import { announceJob } from './announce-job.ts';

const variables = environment(PipelineVariables.extend(AnnouncementVariables.shape));
const ports = {
  jobs: dynamoJobs(variables.JOB_TABLE),
  announcer: eventBridgeAnnouncer(variables.ANNOUNCEMENT_BUS),
  now: () => new Date(),
};

/** Rows with something in their outbox. */
export const handler = streamHandler((jobId) => announceJob(ports, jobId));
