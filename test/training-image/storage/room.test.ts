import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { bytesNeeded, freeBytes, requireRoom } from '#training-image/storage/room.ts';

const job = { root: '/opt/ml' };
const storage = { images: 1_000, px: 100, examples: 2_000, features: 500, weightBytes: 14_000_000 };

describe('requireRoom', () => {
  it('counts decoded images, features and the student', () => {
    expect(bytesNeeded(storage)).toBe(30_000_000 + 3 * 4_000_000 + 28_000_000);
  });

  it('refuses a training that the disk has no room for, with numbers', async () => {
    await expect(requireRoom(job, storage, async () => 69_999_999)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: 'The disk is full: /opt/ml has 69 MB free, and 70 MB are needed.',
    });
  });

  it('lets it begin where there is room, and where the system does not say', async () => {
    await requireRoom(job, storage, async () => 70_000_000);
    await requireRoom(job, storage, async () => undefined);
  });
});

describe('freeBytes', () => {
  it('is a number of bytes, unless there is no such folder', async () => {
    expect(await freeBytes(tmpdir())).toBeGreaterThan(1_000_000);
    expect(await freeBytes('/no/such/folder')).toBeUndefined();
  });
});
