/** Faults of delivery that the pipeline has to survive; for tests. */
export interface DeliveryFaults {
  /** lose every event */
  drop?: boolean;
  /** how often each event arrives; 1 by default */
  copies?: number;
  /** how late each event arrives, in ms; with `shuffle`, the maximum */
  delayMs?: number;
  /** delay each copy by a random time, so that the order is lost */
  shuffle?: boolean;
}

/** Calls `arrive` with the given faults; resolves after the last call. */
export async function deliver(faults: DeliveryFaults, arrive: () => void): Promise<void> {
  const copies = faults.drop ? 0 : (faults.copies ?? 1);
  const latest = faults.delayMs ?? (faults.shuffle ? 50 : 0); // ms
  await Promise.all(
    Array.from({ length: copies }, async () => {
      const delay = faults.shuffle ? Math.random() * latest : latest;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      arrive();
    }),
  );
}
