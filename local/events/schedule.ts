export interface ScheduleOptions {
  name: string;
  everySeconds: number;
  /** for a Lambda function, `() => invoke(lambda, event)` */
  run: () => Promise<unknown>;
  /** Called when a run threw; the next run still comes at its time. */
  onError?: (error: unknown, schedule: string) => void;
}

/** An EventBridge rate rule: runs once per interval, first after one interval, and never two runs at the same time. */
export function rateSchedule({
  name,
  everySeconds,
  run,
  onError = () => undefined,
}: ScheduleOptions) {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined; // triggered during a run: a single run answers all such triggers
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

  /** Runs now, or right after the current run; resolves when that run has ended. */
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
    if (!running) void trigger(); // a run longer than the interval skips the next one
  }, everySeconds * 1000);

  return {
    trigger,
    idle: async (): Promise<void> => {
      while (next ?? running) await (next ?? running);
    },
    /** Stops the schedule and waits for the current run. */
    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await (next ?? running);
    },
  };
}

export type Schedule = ReturnType<typeof rateSchedule>;
