import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';
import { digits } from '#examples/demo-data.ts';

/** The first so many handwritten digits of MNIST as class folders. */
export async function digitFolders(folder: string, count: number): Promise<void> {
  let number = 0;
  for await (const { label, png } of (await digits()).examples) {
    if (++number > count) break;
    await mkdir(join(folder, label), { recursive: true });
    await writeFile(join(folder, label, `${number}.png`), png);
  }
}

/** The same as a zip. */
export async function digitZip(file: string, count: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const zip = new yazl.ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(file));
  let number = 0;
  for await (const { label, png } of (await digits()).examples) {
    if (++number > count) break;
    zip.addBuffer(png, `${label}/${number}.png`, { mtime: new Date(0), compress: false });
  }
  zip.end();
  await written;
}
