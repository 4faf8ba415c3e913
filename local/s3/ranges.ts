import { S3Error } from './errors.ts';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a `Range` header: `bytes=0-99`, `bytes=100-`, `bytes=-50`.
 *
 * @returns `undefined` for the whole object: no range, several ranges, or an invalid one, which S3 ignores
 * @throws S3Error InvalidRange if the object has no byte of it
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;

  const suffix = first === '';
  const start = suffix ? Math.max(0, size - Number(last)) : Number(first);
  const end = suffix || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (!suffix && last !== '' && Number(last) < start) return undefined;
  if (start > end || start >= size) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable.', {
      RangeRequested: header ?? '',
      ActualObjectSize: String(size),
    });
  }
  return { start, end };
}

/** Reads the `bytes=first-last` of a copied part, which must be within the source. */
export function parseCopyRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) };
  if (!(range.start <= range.end && range.end < size)) {
    throw new S3Error(
      'InvalidArgument',
      `x-amz-copy-source-range ${header} does not lie in ${size} bytes.`,
    );
  }
  return range;
}
