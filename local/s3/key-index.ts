/** Values by key, with the keys in the order of their UTF-8 bytes, as S3 lists them. */
export interface KeyIndex<T> {
  readonly size: number;
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
  values(): IterableIterator<T>;
  keyAt(position: number): string | undefined;
  /** The position of `key`, or of the first key after it. */
  seek(key: string): number;
  /** The position of the first key after all keys with `prefix`. */
  seekPast(prefix: string): number;
}

export function keyIndex<T>(entries: Iterable<readonly [string, T]> = []): KeyIndex<T> {
  const values = new Map(entries);
  const keys = [...values.keys()].sort(compareUtf8);

  /** Binary search; `holds` is false up to some position and true from there on. */
  function firstWhere(holds: (key: string) => boolean): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(keys[middle] as string)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
  const seek = (key: string) => firstWhere((candidate) => compareUtf8(candidate, key) >= 0);

  return {
    get size() {
      return keys.length;
    },
    get: (key) => values.get(key),
    set(key, value) {
      if (!values.has(key)) keys.splice(seek(key), 0, key);
      values.set(key, value);
    },
    delete(key) {
      if (values.delete(key)) keys.splice(seek(key), 1);
    },
    values: () => values.values(),
    keyAt: (position) => keys[position],
    seek,
    seekPast: (prefix) =>
      firstWhere((key) => compareUtf8(key, prefix) > 0 && !key.startsWith(prefix)),
  };
}

/** Compares by UTF-8 bytes, that is by code points; JavaScript's own order puts surrogates before U+E000. */
export function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** Moves surrogates, which encode U+10000 and above, after all other code units. */
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);
