import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Rows of equal size in one file: per-example data that is too large for memory. */
export interface RowFile {
  readonly rowBytes: number;
  /** Writes consecutive rows, the first at index `from`; runs may be written in any order. */
  write(from: number, rows: ArrayBufferView): Promise<void>;
  /** Reads rows by their indices, in the given order; indices may repeat. */
  pick(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads `count` consecutive rows. */
  read(from: number, count: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Fills a buffer with consecutive rows, as many as fit. */
  readInto(target: Uint8Array, from: number): Promise<void>;
  close(): Promise<void>;
}

/** Creates an empty file of rows, in place of whatever was there. */
export const createRowFile = async (file: string, rowBytes: number): Promise<RowFile> =>
  rowsIn(await open(file, 'w+'), rowBytes);

/** Opens a file with the rows that it has, or creates an empty one. */
export const openRowFile = async (file: string, rowBytes: number): Promise<RowFile> =>
  rowsIn(await open(file, constants.O_RDWR | constants.O_CREAT), rowBytes);

function rowsIn(handle: FileHandle, rowBytes: number): RowFile {
  const readInto = (target: Uint8Array, from: number) => fill(handle, target, from * rowBytes);

  return {
    rowBytes,
    async write(from, { buffer, byteOffset, byteLength }) {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      for (let done = 0; done < byteLength; ) {
        const position = from * rowBytes + done;
        done += (await handle.write(bytes, done, byteLength - done, position)).bytesWritten;
      }
    },
    async pick(indices) {
      const rows = new Uint8Array(indices.length * rowBytes);
      const runs = runsOf(indices).map(({ row, position, count }) =>
        readInto(rows.subarray(position * rowBytes, (position + count) * rowBytes), row),
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

/** Rows of float32 values, [d] each. */
export interface FloatRows {
  readonly d: number;
  /** @returns the rows with these indices, [indices, d] */
  pick(indices: ArrayLike<number>): Promise<Float32Array>;
}

/** Reads the rows of a file as float32. */
export const floatRows = (rows: RowFile): FloatRows => ({
  d: rows.rowBytes / Float32Array.BYTES_PER_ELEMENT,
  pick: async (indices) => new Float32Array((await rows.pick(indices)).buffer),
});

/** Indices that are consecutive both in the file and in the request, so that each run is one read. */
function runsOf(indices: ArrayLike<number>): { row: number; position: number; count: number }[] {
  const runs: { row: number; position: number; count: number }[] = [];
  for (const [position, row] of Array.from(indices).entries()) {
    const last = runs.at(-1);
    if (last && row === last.row + last.count) last.count += 1;
    else runs.push({ row, position, count: 1 });
  }
  return runs;
}

async function fill(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Error('The file has fewer rows than were requested.');
    done += bytesRead;
  }
}

/** Rows of several arrays, one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
