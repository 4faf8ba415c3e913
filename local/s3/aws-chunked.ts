import { S3Error } from './errors.ts';

const MAX_LINE = 16_384; // bytes; a chunk's header with its signature has about 100
const NEWLINE = 0x0a;

/**
 * Removes the framing of an aws-chunked body: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n`, a last chunk of size 0,
 * then trailers as header lines, which are put into `trailers` under their lower-case names.
 *
 * Source: "Signature calculations for the authorization header: transferring payload in multiple chunks" and
 * "…including trailing headers", Amazon S3 API reference. Signatures are skipped, not checked.
 *
 * @throws S3Error IncompleteBody when the framing is broken or ends early
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  const input = reader(pieces);
  try {
    for (;;) {
      const size = chunkSize(await input.line());
      if (size === 0) break;
      yield* input.bytes(size);
      if ((await input.line()) !== '') throw incomplete('a chunk is longer than it says');
    }
    for (let line = await input.line(); line !== undefined; line = await input.line()) {
      const [, name, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
      if (name !== undefined) trailers.set(name.trim().toLowerCase(), (value ?? '').trim());
    }
  } finally {
    await pieces.return?.(); // releases the request, so that the rest of it can be drained
  }
}

function chunkSize(line: string | undefined): number {
  if (line === undefined) throw incomplete('the last chunk is missing');
  const hex = /^([0-9a-f]{1,12})(?:;|$)/i.exec(line)?.[1];
  if (hex === undefined) throw incomplete('a chunk does not start with its size');
  return Number.parseInt(hex, 16);
}

const incomplete = (what: string): S3Error =>
  new S3Error('IncompleteBody', `The aws-chunked body is broken: ${what}.`);

/** Reads lines and byte counts alternately from a stream of arbitrary pieces. */
function reader(pieces: AsyncIterator<Buffer>) {
  let rest: Buffer = Buffer.alloc(0);

  /** @returns false at the end of the stream */
  async function more(): Promise<boolean> {
    const next = await pieces.next();
    if (next.done) return false;
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    return true;
  }

  return {
    /** @returns the next line without its line ending; `undefined` at the end of the stream */
    async line(): Promise<string | undefined> {
      for (;;) {
        const end = rest.indexOf(NEWLINE);
        if (end >= 0) {
          const line = rest.toString('latin1', 0, end);
          rest = rest.subarray(end + 1);
          return line.endsWith('\r') ? line.slice(0, -1) : line;
        }
        if (rest.length > MAX_LINE) throw incomplete('a line does not end');
        if (!(await more())) {
          const line = rest.toString('latin1');
          rest = Buffer.alloc(0);
          return line === '' ? undefined : line;
        }
      }
    },

    async *bytes(count: number): AsyncGenerator<Buffer> {
      for (let left = count; left > 0; ) {
        if (rest.length === 0 && !(await more())) throw incomplete('it ends within a chunk');
        const piece = rest.subarray(0, left);
        rest = rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
  };
}
