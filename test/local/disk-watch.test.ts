import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { freeBytes, NoRoom, requireRoom, whyUnwritable } from '#local/disk-space.ts';
import { diskWatch } from '#local/disk-watch.ts';

function watched(folder = mkdtempSync(join(tmpdir(), 'understudy-watch-'))) {
  const said: string[] = [];
  const report = (line: string) => void said.push(line);
  const disk = diskWatch({ folder, report, quietMs: 100, everyMs: 20 });
  onTestFinished(() => {
    disk.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, disk, said };
}

const full = () => Object.assign(new Error('write'), { code: 'ENOSPC' });

it('says once that the disk is full, and once that it can be written again', async () => {
  const { folder, disk, said } = watched();
  disk.start();

  for (let i = 0; i < 5; i++) {
    expect(disk.failed(full())).toContain('The disk is full: ');
    await pause(30);
  }
  expect(disk.isFull()).toBe(true);
  await pause(300);

  expect(disk.isFull()).toBe(false);
  expect(said).toEqual([
    expect.stringMatching(
      /^The disk is full: .* MB free\. Free some space there; then "npx understudy prune" .* Jobs go on by themselves as soon as they can\.$/,
    ),
    expect.stringMatching(/ can be written again \([\d,]+ MB free\): the pipeline goes on\.$/),
  ]);
  expect(existsSync(join(folder, `.probe-${process.pid}`))).toBe(false);
});

it('does not promise to go on before there is as much room as was asked for', async () => {
  const { folder, disk, said } = watched();
  disk.start();

  disk.failed(new NoRoom((freeBytes(folder) ?? 0) + 1e12));
  await pause(400);

  expect(disk.isFull()).toBe(true);
  expect(said).toHaveLength(1);
});

it('ignores other errors, and says nothing while the pipeline is starting', () => {
  const { disk, said } = watched();
  expect(disk.failed(full())).toContain('The disk is full: ');
  disk.start();
  expect(disk.failed(new Error('ECONNRESET'))).toBeUndefined();

  expect(said).toEqual([]);
});

it.skipIf(process.platform === 'win32')('knows other reasons, and what to do about them', () => {
  const { folder } = watched();
  chmodSync(folder, 0o500);
  const denied = Object.assign(new Error('open'), { code: 'EACCES', path: join(folder, 'x') });
  const readOnly = Object.assign(new Error('mkdir'), { code: 'EROFS', path: '/elsewhere/x' });

  expect(whyUnwritable(denied, folder)).toBe(
    `${folder} cannot be used: permission denied. Give yourself access to it, or use another folder with --state.`,
  );
  expect(whyUnwritable(readOnly, folder)).toMatch(/^\/elsewhere is on a read-only file system\./);
});

it('refuses what does not fit before it is begun, in numbers', () => {
  const { folder } = watched();
  const bytes = (freeBytes(folder) ?? 0) + 1e12;

  expect(() => requireRoom(folder, bytes)).toThrow(NoRoom);
  expect(whyUnwritable(new NoRoom(bytes), folder)).toMatch(/ MB free, and [\d,]+ MB are needed\./);
});
