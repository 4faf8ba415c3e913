import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The size of all files below a folder, which need not exist. What disappears meanwhile does not count. */
export async function sizeOf(folder: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const total = { files: 0, bytes: 0 };
  for (const name of entries) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (!found?.isFile()) continue;
    total.files += 1;
    total.bytes += found.size;
  }
  return total;
}
