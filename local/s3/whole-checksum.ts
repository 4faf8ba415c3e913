import { createHash } from 'node:crypto';
import { type Algorithm, type Checksum, checksumOf } from './checksums.ts';

/** The polynomials, bit-reversed as these CRCs use them, and their width in bits. */
const CRC: Partial<Record<Algorithm, { polynomial: bigint; bits: number }>> = {
  CRC64NVME: { polynomial: 0x9a6c9329ac4bc9b5n, bits: 64 }, // NVM Express NVM Command Set 1.0, 5.2.1.3.4
  CRC32: { polynomial: 0xedb88320n, bits: 32 }, // IEEE 802.3
  CRC32C: { polynomial: 0x82f63b78n, bits: 32 }, // RFC 3720
};

/** Whether the checksum of an object can be computed from those of its parts, which is not possible for SHA. */
export const combines = (algorithm: Algorithm): boolean => CRC[algorithm] !== undefined;

/** The ETag of a multipart object: the MD5 of the parts' MD5s, and the number of parts. */
export function multipartEtag(md5s: readonly string[]): string {
  const bytes = Buffer.concat(md5s.map((md5) => Buffer.from(md5, 'hex')));
  return `${createHash('md5').update(bytes).digest('hex')}-${md5s.length}`;
}

/**
 * The checksum of a multipart object from the checksums of its parts, without reading a byte of them again.
 *
 * @param parts in their order; `sum` in base64, `size` in bytes
 */
export async function wholeChecksum(
  algorithm: Algorithm,
  type: Checksum['type'],
  parts: readonly { sum: string; size: number }[],
): Promise<Checksum> {
  if (type === 'FULL_OBJECT') return { algorithm, type, value: combineCrcs(algorithm, parts) };
  const sums = Buffer.concat(parts.map(({ sum }) => Buffer.from(sum, 'base64')));
  return { algorithm, type, value: `${await checksumOf(algorithm, sums)}-${parts.length}` };
}

/**
 * crc(A ‖ B) = crc(A) · x^(8·|B|) + crc(B), as polynomials over GF(2) modulo the CRC's polynomial; the initial and
 * final inversions cancel out. After `crc32_combine` of zlib 1.2.12.
 */
function combineCrcs(
  algorithm: Algorithm,
  parts: readonly { sum: string; size: number }[],
): string {
  const crc = CRC[algorithm];
  if (crc === undefined) throw new Error(`${algorithm} of a whole does not follow from its parts`);
  const { polynomial, bits } = crc;
  const one = 1n << BigInt(bits - 1); // x^0: in reversed order the highest bit

  const times = (a: bigint, b: bigint): bigint => {
    let product = 0n;
    let shifted = b;
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if ((a & bit) !== 0n) product ^= shifted;
      shifted = (shifted & 1n) === 0n ? shifted >> 1n : (shifted >> 1n) ^ polynomial;
    }
    return product;
  };

  const powers = new Map<number, bigint>(); // by size: all parts but the last usually have the same
  const power = (size: number): bigint => {
    const known = powers.get(size);
    if (known !== undefined) return known;
    let result = one;
    let square = one >> 8n; // x^8: one byte
    for (let rest = BigInt(size); rest > 0n; rest >>= 1n) {
      if ((rest & 1n) === 1n) result = times(result, square);
      square = times(square, square);
    }
    powers.set(size, result);
    return result;
  };

  const whole = parts.reduce((sum, part) => times(sum, power(part.size)) ^ toBigInt(part.sum), 0n);
  return Buffer.from(whole.toString(16).padStart(bits / 4, '0'), 'hex').toString('base64');
}

const toBigInt = (base64: string): bigint =>
  BigInt(`0x${Buffer.from(base64, 'base64').toString('hex')}`);
