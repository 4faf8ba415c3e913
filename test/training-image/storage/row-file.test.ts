import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readVerified, writeAtomic } from '#training-image/storage/atomic-file.ts';
import { createRowFile } from '#training-image/storage/row-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-rows-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('createRowFile', () => {
  it('returns the requested rows, in whatever order they were written', async () => {
    const rows = await createRowFile(join(folder, 'rows'), 2);

    await rows.write(2, Uint8Array.of(20, 21, 30, 31));
    await rows.write(0, Uint8Array.of(0, 1, 10, 11));

    expect([...(await rows.pick([3, 0, 3]))]).toEqual([30, 31, 0, 1, 30, 31]);
    expect([...(await rows.pick([0, 1, 3, 2, 3]))]).toEqual([0, 1, 10, 11, 30, 31, 20, 21, 30, 31]);
    const room = new Uint8Array(6);
    await rows.readInto(room.subarray(1, 5), 1);
    expect([...room]).toEqual([0, 10, 11, 20, 21, 0]);
    expect([...(await rows.read(1, 2))]).toEqual([10, 11, 20, 21]);
    expect([...(await rows.pick([]))]).toEqual([]);
    await rows.close();
  });

  it('returns no row that was never written', async () => {
    const rows = await createRowFile(join(folder, 'rows'), 2);
    await rows.write(0, Uint8Array.of(1, 2, 3));

    await expect(rows.pick([1])).rejects.toThrow('fewer rows');
    await expect(rows.read(0, 3)).rejects.toThrow('fewer rows');
    await rows.close();
  });
});

describe('readVerified', () => {
  it('returns what writeAtomic wrote, from parts of different types', async () => {
    const file = join(folder, 'file');

    await writeAtomic(file, [Uint8Array.of(1, 2, 3, 4), Float32Array.of(0.5)]);

    const content = await readVerified(file);
    expect([...(content ?? [])]).toEqual([1, 2, 3, 4, 0, 0, 0, 63]);
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
    ['changed', (bytes: Buffer) => bytes.fill(9, 0, 1)],
    ['empty', () => Buffer.alloc(0)],
  ])('returns nothing if the file is %s', async (_, change) => {
    const file = join(folder, 'file');
    await writeAtomic(file, [Uint8Array.of(1, 2, 3, 4)]);

    await writeFile(file, change(await readFile(file)));

    expect(await readVerified(file)).toBeUndefined();
  });

  it('returns nothing if there is no file', async () => {
    expect(await readVerified(join(folder, 'nothing'))).toBeUndefined();
  });
});
