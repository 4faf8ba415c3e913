import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePrivateFolder } from '#local/private-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-private-'));
});
afterEach(() => rm(root, { recursive: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe.skipIf(process.platform === 'win32')('makePrivateFolder', () => {
  it('creates a folder that only its owner can read', async () => {
    const folder = join(root, 'state', 'inside');
    await makePrivateFolder(folder);

    expect(await modeOf(folder)).toBe(0o700);
  });

  it('keeps it out of a git repository that it lies in', async () => {
    await makePrivateFolder(join(root, 'state'));

    expect(await readFile(join(root, 'state', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('closes one of an earlier version, and no other', async () => {
    for (const name of ['ours', 'other']) {
      await mkdir(join(root, name));
      await chmod(join(root, name), 0o755);
    }
    await mkdir(join(root, 'ours', 'dynamodb'));
    await makePrivateFolder(join(root, 'ours'));
    await makePrivateFolder(join(root, 'other'));

    expect(await modeOf(join(root, 'ours'))).toBe(0o700);
    expect(await modeOf(join(root, 'other'))).toBe(0o755);
  });
});
