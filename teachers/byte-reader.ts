import { refuse } from './teacher-refused.ts';

const MAX_STRING = 4_096; // bytes; a tensor's name has about 40

/** Reads little-endian values in order and never beyond the end. */
export function byteReader(bytes: Uint8Array, start: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = start;

  const take = (count: number): number => {
    if (count > bytes.length - position) refuse(`The file ends in the middle of a pickle.`);
    const from = position;
    position += count;
    return from;
  };
  const utf8 = (from: number, to: number): string => {
    if (to - from > MAX_STRING) refuse(`The pickle at byte ${from} has an endless string.`);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, to));
    } catch {
      return refuse(`The pickle at byte ${from} has a string that is not UTF-8.`);
    }
  };

  return {
    at: () => position,
    uint: (count: 1 | 2 | 4): number => {
      const from = take(count);
      if (count === 1) return view.getUint8(from);
      return count === 2 ? view.getUint16(from, true) : view.getUint32(from, true);
    },
    int32: (): number => view.getInt32(take(4), true),
    /** An integer of any size, two's complement; JavaScript's number where it is exact. */
    long: (): number | bigint => {
      const count = view.getUint8(take(1));
      const from = take(count);
      let value = 0n;
      for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(from + i));
      const signed = BigInt.asIntN(8 * count, value);
      return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
    },
    text: (count: number): string => {
      const from = take(count);
      return utf8(from, from + count);
    },
    line: (): string => {
      const end = bytes.indexOf(0x0a, position);
      if (end < 0) refuse('The file ends in the middle of a pickle.');
      const text = utf8(position, end);
      position = end + 1;
      return text;
    },
  };
}
