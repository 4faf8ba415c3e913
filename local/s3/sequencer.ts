const DIGITS = 20; // hex; at a fixed length, text order is number order
const PER_MILLISECOND = 1n << 20n;

/**
 * Numbers the commits of a server as S3's `sequencer` does. Later numbers are larger, also after a restart, since the
 * count starts at the current time, and after the clock was set back, since `raiseTo` gets the stored numbers.
 */
export function risingSequencer(now: () => Date): {
  next(): string;
  raiseTo(sequencer: string): void;
} {
  let last = 0n;
  return {
    next() {
      const time = BigInt(now().getTime()) * PER_MILLISECOND;
      last = time > last ? time : last + 1n;
      return last.toString(16).toUpperCase().padStart(DIGITS, '0');
    },
    raiseTo(sequencer) {
      const stored = BigInt(`0x${sequencer}`);
      if (stored > last) last = stored;
    },
  };
}
