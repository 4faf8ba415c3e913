import * as z from 'zod';

/** A job's claim to one of the training slots, made at a version of its row. */
export const Slot = z.object({ jobId: z.string(), version: z.int().positive() });
export type Slot = z.output<typeof Slot>;

/** The part of a job that decides whether it holds its slot. */
interface Holder {
  id: string;
  version: number;
  run?: { ended: boolean } | undefined;
}

/**
 * Whether a job still holds the slot it claimed: its training job has not ended, or the row has not moved since the
 * claim, so that the launch may be about to happen. A launcher that dies in between loses nothing: the job's deadline
 * brings the next launcher, and whatever else happens to the job moves the row and frees the slot.
 *
 * @param job the row as it is now; `undefined` if there is none
 */
export const holdsSlot = (slot: Slot, job: Holder | undefined): boolean =>
  job !== undefined && (job.run?.ended === false || job.version === slot.version);

/**
 * The slots after a job has claimed one; `undefined` when the other jobs hold all of them.
 *
 * @param rows the rows of the jobs in `slots`
 * @param max the number of slots
 */
export function withSlot(
  slots: readonly Slot[],
  rows: readonly (Holder | undefined)[],
  job: Holder,
  max: number,
): Slot[] | undefined {
  const byId = new Map([...rows, job].map((row) => [row?.id, row]));
  const held = slots.filter((slot) => holdsSlot(slot, byId.get(slot.jobId)));
  if (held.some(({ jobId }) => jobId === job.id)) return held;
  return held.length < max ? [...held, { jobId: job.id, version: job.version }] : undefined;
}
