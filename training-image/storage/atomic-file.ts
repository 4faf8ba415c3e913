import { createHash } from 'node:crypto';
import { access, open, readFile, rename } from 'node:fs/promises';

const DIGEST_BYTES = 32; // sha256, appended to the content

/** Writes a file that is complete or absent, even after a power cut; its sha256 is appended for `readVerified`. */
export async function writeAtomic(file: string, parts: readonly ArrayBufferView[]): Promise<void> {
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

/** The content of a file that `writeAtomic` wrote; `undefined` if it is missing, incomplete or damaged. */
export async function readVerified(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (!bytes || bytes.length < DIGEST_BYTES) return undefined;
  const content = Uint8Array.prototype.slice.call(bytes, 0, -DIGEST_BYTES); // a copy: a Float32Array must be aligned
  const digest = createHash('sha256').update(content).digest();
  return digest.equals(bytes.subarray(-DIGEST_BYTES)) ? content : undefined;
}

/** Whether there is a file or folder at a path. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
