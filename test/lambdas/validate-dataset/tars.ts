import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';

type Entry = Partial<Header> & { name: string; body?: string | Uint8Array };

/** The bytes of a tar with these entries, in this order. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { body = '', ...header } of entries) {
    tar.entry({ mtime: new Date(0), ...header }, Buffer.from(body));
  }
  tar.finalize();
  return buffer(tar as AsyncIterable<Uint8Array>);
}

/** Corrects the checksum of the header at an offset, after a change. */
export function sealHeader(tar: Buffer, at: number): void {
  tar.fill(' ', at + 148, at + 156);
  const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}
