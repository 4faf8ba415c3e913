import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip with everything in it that can be a lie (PKWARE APPNOTE 4.3). */
export interface ZipEntry {
  name: string | Buffer;
  data?: Buffer;
  method?: number; // as said; the data is deflated for 8, and stored for all others
  flags?: number;
  mode?: number; // of Unix
  crc?: number;
  size?: number; // unpacked, as the directory says it
  localName?: string;
  localSize?: number;
  offset?: number; // of the local header, as the directory says it
  zip64?: boolean;
}

export interface ZipOptions {
  prefix?: Buffer; // before the first entry
  comment?: Buffer;
  count?: number; // of entries, as the end says it
  disk?: number;
  directoryOffset?: number;
  zip64?: boolean;
}

const u16 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) buffer.writeUInt16LE(value & 0xffff, 2 * i);
  return buffer;
};
const u32 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) buffer.writeUInt32LE(value >>> 0, 4 * i);
  return buffer;
};
const u64 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) buffer.writeBigUInt64LE(BigInt(value), 8 * i);
  return buffer;
};

const DESCRIPTOR = 0x8; // the sizes follow the data
const UTF8 = 0x800;

/** Writes a zip as it is told to, right or wrong. */
export function writeZip(entries: readonly ZipEntry[], options: ZipOptions = {}): Buffer {
  const { prefix = Buffer.alloc(0), comment = Buffer.alloc(0), disk = 0 } = options;
  const parts: Buffer[] = [prefix];
  const directory: Buffer[] = [];
  let at = prefix.length;
  for (const entry of entries) {
    const { data = Buffer.alloc(0), method = 8, flags = UTF8, mode = 0o100644 } = entry;
    const name = Buffer.from(entry.name as string);
    const localName = entry.localName === undefined ? name : Buffer.from(entry.localName);
    const packed = method === 8 ? deflateRawSync(data) : data;
    const crc = entry.crc ?? crc32(data);
    const size = entry.size ?? data.length;
    const isLate = (flags & DESCRIPTOR) !== 0;
    const localSize = isLate ? 0 : (entry.localSize ?? Math.min(size, 0xffffffff));
    const sizes = u32(isLate ? 0 : crc, isLate ? 0 : packed.length, localSize);
    const local = [u32(0x04034b50), u16(20, flags, method, 0, 33), sizes];
    const written = [...local, u16(localName.length, 0), localName, packed];
    if (isLate) written.push(u32(0x08074b50, crc, packed.length, size));
    const isLarge = entry.zip64 === true || size > 0xfffffffe;
    const offset = entry.offset ?? at;
    const extra = isLarge
      ? Buffer.concat([u16(1, 24), u64(size, packed.length, offset)])
      : Buffer.alloc(0);
    const shown = isLarge ? [0xffffffff, 0xffffffff] : [packed.length, size];
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(0x0314, 45, flags, method, 0, 33),
        u32(crc, ...shown),
        u16(name.length, extra.length, 0, 0, 0),
        u32(mode << 16, isLarge ? 0xffffffff : offset),
        name,
        extra,
      ]),
    );
    const bytes = Buffer.concat(written);
    parts.push(bytes);
    at += bytes.length;
  }
  const central = Buffer.concat(directory);
  const start = options.directoryOffset ?? at;
  const count = options.count ?? entries.length;
  const end: Buffer[] = [];
  if (options.zip64) {
    end.push(
      u32(0x06064b50),
      u64(44),
      u16(45, 45),
      u32(0, 0),
      u64(count, count, central.length, start),
    );
    end.push(u32(0x07064b50, 0), u64(at + central.length), u32(1));
  }
  const isLarge = options.zip64 === true;
  end.push(u32(0x06054b50), u16(disk, disk));
  end.push(isLarge ? u16(0xffff, 0xffff) : u16(count, count));
  end.push(isLarge ? u32(0xffffffff, 0xffffffff) : u32(central.length, start));
  end.push(u16(comment.length), comment);
  return Buffer.concat([...parts, central, ...end]);
}
