import { advance, type Job } from '#core/job.ts';
import type { Announcer, Clock, Jobs } from '#ports';

export interface AnnouncePorts {
  jobs: Jobs;
  announcer: Announcer;
  now: Clock;
}

/** Stage 4. Tells the world what waits in the row's outbox; at least once, with an id that lets readers drop repetitions. */
export async function announceJob(
  { jobs, announcer, now }: AnnouncePorts,
  jobId: string,
): Promise<Job | undefined> {
  let job = await jobs.load(jobId);
  for (const announcement of job?.outbox ?? []) {
    if (!job) break;
    await announcer.announce(announcement); // first told, then forgotten: a crash in between tells twice
    const told = advance(job, { type: 'announced', announcementId: announcement.id }, now());
    if (told !== job) await jobs.save(told);
    job = told;
  }
  return job;
}
