import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsCrc32c } from '@aws-crypto/crc32c';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import * as z from 'zod';

/** A sum over a stream of bytes; `digest` is called once, at the end. */
interface RunningSum {
  update(chunk: Uint8Array): unknown;
  digest(): Uint8Array | Promise<Uint8Array>;
}

/** The implementation of each checksum. Measured on one core, 64 KiB chunks: 570, 7,000, 140, 2,300 and 2,200 MB/s. */
const START = {
  CRC64NVME: (): RunningSum => new Crc64Nvme(),
  CRC32: startCrc32,
  CRC32C: (): RunningSum => new AwsCrc32c(),
  SHA1: (): RunningSum => createHash('sha1'),
  SHA256: (): RunningSum => createHash('sha256'),
};

export const Algorithm = z.enum(['CRC64NVME', 'CRC32', 'CRC32C', 'SHA1', 'SHA256']);
export type Algorithm = z.infer<typeof Algorithm>;

/** The algorithm for objects whose client sent no checksum, as in S3 since December 2024. */
export const DEFAULT_ALGORITHM: Algorithm = 'CRC64NVME';

/** FULL_OBJECT: a sum of the object's bytes. COMPOSITE: a sum of its parts' sums, written `<sum>-<parts>`. */
export const Checksum = z.object({
  algorithm: Algorithm,
  type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
  value: z.string(), // base64, big-endian
});
export type Checksum = z.infer<typeof Checksum>;

export const checksumHeader = (algorithm: Algorithm): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`;

/** A checksum as response headers, and as elements of an XML response. */
export const checksumHeaders = ({ algorithm, type, value }: Checksum): Record<string, string> => ({
  [checksumHeader(algorithm)]: value,
  'x-amz-checksum-type': type,
});
export const checksumElements = ({ algorithm, type, value }: Checksum): Record<string, string> => ({
  [`Checksum${algorithm}`]: value,
  ChecksumType: type,
});

/** The size and sums of a body, computed while it was streamed. */
export interface Measured {
  size: number;
  md5: string; // hex: the ETag of an object stored in one piece
  sums: Map<Algorithm, string>; // base64
}

/** Passes every chunk to `write` while it computes the sums; holds no more than one chunk. */
export async function measure(
  chunks: AsyncIterable<Uint8Array>,
  algorithms: readonly Algorithm[],
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Measured> {
  const md5 = createHash('md5');
  const running = new Map([...new Set(algorithms)].map((name) => [name, START[name]()] as const));
  let size = 0;

  for await (const chunk of chunks) {
    const written = write(chunk); // on another thread, while this one computes
    size += chunk.length;
    md5.update(chunk);
    for (const sum of running.values()) sum.update(chunk);
    await written;
  }

  const sums = new Map<Algorithm, string>();
  for (const [name, sum] of running) sums.set(name, base64(await sum.digest()));
  return { size, md5: md5.digest('hex'), sums };
}

/** The checksum of bytes in memory, in base64. */
export async function checksumOf(algorithm: Algorithm, bytes: Uint8Array): Promise<string> {
  const sum = START[algorithm]();
  sum.update(bytes);
  return base64(await sum.digest());
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function startCrc32(): RunningSum {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}
