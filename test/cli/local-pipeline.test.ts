import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waiting } from '#cli/local-pipeline.ts';
import { afterStop } from '#cli/with-pipeline.ts';
import { identify } from '#local/sagemaker/process-identity.ts';
import { readHolder, writeHolder } from '#local/state-folder.ts';

const noon = new Date('2026-11-24T12:00:00');
const lines: string[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-waiting-'));
  vi.stubEnv('UNDERSTUDY_STATE', folder);
  vi.useFakeTimers({ toFake: ['Date'], now: noon });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
});
afterEach(async () => {
  lines.length = 0;
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function hold(began?: string): Promise<number> {
  const self = identify(process.pid);
  if (!self) throw new Error('this process has no identity');
  const holder = began === undefined ? self : { ...self, began };
  await writeHolder(folder, {
    process: holder,
    command: 'train icons',
    since: noon.toISOString(),
  });
  return self.pid;
}

describe('waiting for another process', () => {
  it('says who it is after a second, and then once a minute', async () => {
    const pid = await hold();
    const wait = waiting();
    const linesAt = async (seconds: number) => {
      vi.setSystemTime(noon.getTime() + seconds * 1000);
      await wait();
      return lines.length;
    };

    expect([await linesAt(0.2), await linesAt(1.2), await linesAt(2), await linesAt(60)]).toEqual([
      0, 1, 1, 1,
    ]);
    expect(await linesAt(62)).toBe(2);
    expect(new Set(lines)).toEqual(
      new Set([`Waiting for "understudy train icons" (pid ${pid}, since 12:00).\n`]),
    );
  });

  it('ends with what to do when it has taken ten minutes', async () => {
    await hold();
    const wait = waiting();
    vi.setSystemTime(noon.getTime() + 601_000);

    await expect(wait()).rejects.toMatchObject({
      exit: 1,
      message: expect.stringMatching(/is in use by .* Stop it with "npx understudy down"/),
    });
  });
});

describe('the holder of a state folder', () => {
  it('is nobody when a later process has the pid of the one that wrote the file', async () => {
    await hold('long ago');

    expect(readHolder(folder)).toBeUndefined();
  });
});

describe('what becomes of a job that is no longer followed', () => {
  it('depends on whose pipeline works on it', () => {
    expect(afterStop(undefined)).toMatch(/^Stopped\. Run the same command again/);
    expect(afterStop('"understudy up" (pid 7, since 12:00)')).toMatch(
      /^Stopped following\. The job goes on .*pid 7/,
    );
  });
});
