import { type FileHandle, open } from 'node:fs/promises';

/** Rows of one size in one file: what a training needs of each example, and memory does not hold. */
export interface PackedRows {
  readonly rowBytes: number;
  /** Puts rows where the first of them belongs; they may be written in any order. */
  write(from: number, rows: ArrayBufferView): Promise<void>;
  /** Those that are named, one after the other, whole. */
  pick(rows: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>>;
  /** A run of them. */
  read(from: number, count: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Makes the file, empty. */
export async function packedRows(file: string, rowBytes: number): Promise<PackedRows> {
  const handle = await open(file, 'w+');

  async function read(from: number, count: number) {
    const rows = new Uint8Array(count * rowBytes);
    await fill(handle, rows, from * rowBytes);
    return rows;
  }

  return {
    rowBytes,
    async write(from, { buffer, byteOffset, byteLength }) {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      for (let done = 0; done < byteLength; ) {
        const at = from * rowBytes + done;
        done += (await handle.write(bytes, done, byteLength - done, at)).bytesWritten;
      }
    },
    async pick(wanted) {
      const rows = new Uint8Array(wanted.length * rowBytes);
      const each = Array.from(wanted, (row, i) =>
        fill(handle, rows.subarray(i * rowBytes, (i + 1) * rowBytes), row * rowBytes),
      );
      await Promise.all(each);
      return rows;
    },
    read,
    close: () => handle.close(),
  };
}

async function fill(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Error('There are fewer rows in the file than were asked for.');
    done += bytesRead;
  }
}
