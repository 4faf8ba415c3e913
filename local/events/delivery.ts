/** Faults of delivery that AWS documents or that the pipeline has to survive anyway; a switch for tests. */
export interface DeliveryFaults {
  /** nothing arrives at all */
  drop?: boolean;
  /** how often everything arrives; 1 unless given */
  copies?: number;
  /** how late everything arrives, in milliseconds; with `shuffle`, at most */
  delayMs?: number;
  /** each copy takes a time of its own, so that the order is lost */
  shuffle?: boolean;
}

/** Calls `arrive` as often, as late and in such disorder as the faults say; resolves after the last call. */
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
