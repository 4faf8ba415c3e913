export interface ScheduleOptions {
  name: string;
  everySeconds: number;
  /** what is run; for a Lambda function, `() => invoke(lambda, event)` */
  run: () => Promise<unknown>;
  /** Told when a run threw; the next one comes at its time all the same. */
  onError?: (error: unknown, schedule: string) => void;
}

/** An EventBridge rate rule: first run after one interval, then one each interval, never two at the same time. */
export function rateSchedule({
  name,
  everySeconds,
  run,
  onError = () => undefined,
}: ScheduleOptions) {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined; // asked for while one was running: a single run answers all of them
  let stopped = false;

  const once = async () => {
    try {
      await run();
    } catch (error) {
      onError(error, name);
    } finally {
      running = undefined;
    }
  };

  /** Runs now, or right after the run that is under way; resolves when that run is over. */
  function trigger(): Promise<void> {
    if (stopped) return Promise.resolve();
    if (!running) {
      running = once();
      return running;
    }
    next ??= running.then(() => {
      next = undefined;
      return trigger();
    });
    return next;
  }

  const timer = setInterval(() => {
    if (!running) void trigger(); // a run that takes longer than the interval skips a beat
  }, everySeconds * 1000);

  return {
    trigger,
    idle: async (): Promise<void> => {
      while (next ?? running) await (next ?? running);
    },
    /** Ends the schedule and waits for the run under way. */
    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await (next ?? running);
    },
  };
}

export type Schedule = ReturnType<typeof rateSchedule>;
