/** Runs a task for every item, at most `width` at once, in their order; the first failure begins no more of them. */
export async function each<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  width: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = (async function* () {
    yield* items;
  })();
  let failed = false;

  async function work() {
    for (;;) {
      const { value, done } = await queue.next();
      if (done || failed) return;
      await task(value);
    }
  }
  const workers = Array.from({ length: width }, () =>
    work().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  // All have ended before the failure is told: nobody writes any more into what the caller then removes.
  const failure = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}
