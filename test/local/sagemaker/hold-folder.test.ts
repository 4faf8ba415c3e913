import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdFolder } from '#local/sagemaker/hold-folder.ts';

const PROGRAM = fileURLToPath(new URL('./hold-folder-process.ts', import.meta.url));
const KILLED = JSON.stringify({ pid: 2 ** 22 + 1, began: 'long ago' }); // larger than any Linux pid

let place: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'understudy-hold-'));
});
afterEach(async () => {
  const ended = children.splice(0).map((child) => {
    child.kill();
    return once(child, 'exit');
  });
  await Promise.all(ended);
  await rm(place, { recursive: true, force: true });
});

/** The folders that each of several processes holds after all have tried for all of them. */
function race(folders: readonly string[], processes: number): Promise<string[][]> {
  const first = Date.now() + 4_000; // by then all have started
  const tsx = import.meta.resolve('tsx');
  return Promise.all(
    Array.from({ length: processes }, async () => {
      const child = spawn(process.execPath, ['--import', tsx, PROGRAM, String(first), ...folders], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      return JSON.parse(line) as string[];
    }),
  );
}

describe('holdFolder', () => {
  it('lets one of several processes hold a folder, be it free or left by a killed one', async () => {
    const folders = Array.from({ length: 60 }, (_, i) => join(place, String(i)));
    for (const folder of folders.filter((_, i) => i % 2 === 0)) {
      await mkdir(folder);
      await writeFile(join(folder, 'holder.json'), KILLED);
    }

    const held = await race(folders, 4);

    expect(held.flat().sort()).toEqual([...folders].sort());
  });

  it('names the process that holds it, and leaves nothing behind when that gives it free', async () => {
    const release = await holdFolder(place);

    await expect(holdFolder(place)).rejects.toThrow(`in use by process ${process.pid}`);
    await release();

    expect(await readdir(place)).toEqual([]);
  });

  it('takes a folder over whose holder left an unreadable file', async () => {
    await writeFile(join(place, 'holder.json'), '');

    await (await holdFolder(place))();

    expect(await readdir(place)).toEqual([]);
  });
});
