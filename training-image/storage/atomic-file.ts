import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';

const DIGEST_BYTES = 32; // sha256, after the content

/** A file is there as a whole or not at all, also after a power cut. */
export async function writeWhole(file: string, parts: readonly ArrayBufferView[]): Promise<void> {
  const hash = createHash('sha256');
  const unfinished = `${file}.tmp`;
  const handle = await open(unfinished, 'w');
  try {
    for (const part of parts) {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      hash.update(bytes);
      await handle.writeFile(bytes);
    }
    await handle.writeFile(hash.digest());
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

/** The content of a file that is there as `writeWhole` wrote it; `undefined` for one that is not, or not whole. */
export async function readWhole(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes || bytes.length < DIGEST_BYTES) return undefined;
  const content = Uint8Array.prototype.slice.call(bytes, 0, -DIGEST_BYTES); // a copy: a Float32Array must be aligned
  const digest = createHash('sha256').update(content).digest();
  return digest.equals(bytes.subarray(-DIGEST_BYTES)) ? content : undefined;
}
