import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { SetupFailure } from '#engine/tensorflow/setup-failure.ts';
import { unpackWheel } from '#engine/tensorflow/unpack-wheel.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-wheel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function wheelOf(...names: string[]): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const name of names) zip.addBuffer(Buffer.from(name), name);
  zip.end();
  return buffer(zip.outputStream);
}

describe('unpackWheel', () => {
  it('takes out what is asked for, and nothing else', async () => {
    await writeFile(join(folder, 'w.whl'), await wheelOf('a/library.so', 'a/setup.py'));

    await unpackWheel(join(folder, 'w.whl'), new Map([['a/library.so', join(folder, 'out/l.so')]]));

    expect(await readFile(join(folder, 'out/l.so'), 'utf8')).toBe('a/library.so');
    expect(existsSync(join(folder, 'out/setup.py'))).toBe(false);
  });

  it.each([
    ['has a name that leads out of the folder', 'up/up/escaped.py', '../../escaped.py'],
    ['is cut off', 'PK\x05\x06', 'PK\x05\x07'],
  ])('refuses one that %s, in a sentence', async (_, from, to) => {
    const honest = (await wheelOf('up/up/escaped.py')).toString('latin1');
    await writeFile(join(folder, 'w.whl'), honest.replaceAll(from, to), 'latin1');

    const unpacking = unpackWheel(join(folder, 'w.whl'), new Map([['x', join(folder, 'x')]]));

    await expect(unpacking).rejects.toThrow(SetupFailure);
    await expect(unpacking).rejects.toThrow(/^The wheel is not a valid zip: /);
  });
});
