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
  /** A run of them, as many as there is room for. */
  readInto(room: Uint8Array, from: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes the file, empty. */
export async function packedRows(file: string, rowBytes: number): Promise<PackedRows> {
  const handle = await open(file, 'w+');

  const readInto = (room: Uint8Array, from: number) => fill(handle, room, from * rowBytes);

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
      const runs = runsOf(wanted).map(({ row, place, count }) =>
        readInto(rows.subarray(place * rowBytes, (place + count) * rowBytes), row),
      );
      await Promise.all(runs);
      return rows;
    },
    async read(from, count) {
      const rows = new Uint8Array(count * rowBytes);
      await readInto(rows, from);
      return rows;
    },
    readInto,
    close: () => handle.close(),
  };
}

/** Rows that follow one another in the file and in what is asked for, so that they are read at once. */
function runsOf(wanted: ArrayLike<number>): { row: number; place: number; count: number }[] {
  const runs: { row: number; place: number; count: number }[] = [];
  for (const [place, row] of Array.from(wanted).entries()) {
    const last = runs.at(-1);
    if (last && row === last.row + last.count) last.count += 1;
    else runs.push({ row, place, count: 1 });
  }
  return runs;
}

async function fill(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Error('There are fewer rows in the file than were asked for.');
    done += bytesRead;
  }
}
