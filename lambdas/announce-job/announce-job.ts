import type { Job } from '#core/job.ts';
import { type RecordPorts, recordObservation } from '#lambdas/record-observation.ts';
import type { Announcer } from '#ports';

export interface AnnouncePorts extends RecordPorts {
  announcer: Announcer;
}

/** Stage 4. Sends the announcements in a row's outbox, at least once each; their ids let readers drop repetitions. */
export async function announceJob(ports: AnnouncePorts, jobId: string): Promise<Job | undefined> {
  let job = await ports.jobs.load(jobId);
  for (const announcement of job?.outbox ?? []) {
    if (!job) break;
    await ports.announcer.announce(announcement); // before it leaves the outbox: a crash in between sends it twice
    job = await recordObservation(ports, job, {
      type: 'announced',
      announcementId: announcement.id,
    });
  }
  return job;
}
