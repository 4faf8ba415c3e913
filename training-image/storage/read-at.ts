import type { FileHandle } from 'node:fs/promises';

/** So many bytes from an offset on; fewer at the end of the file. A single read may give fewer than it was asked for. */
export async function readAt(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, size));
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
