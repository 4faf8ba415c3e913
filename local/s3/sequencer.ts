const DIGITS = 20; // hex; as they are of one length, comparing the texts compares the numbers
const PER_MILLISECOND = 1n << 20n;

/**
 * Numbers the commits of a server as S3's `sequencer` does: later is larger, also after a restart, since the count
 * starts from the time, and also when the clock was set back, since `raiseTo` is told of what is stored.
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
