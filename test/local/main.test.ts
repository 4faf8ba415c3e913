import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const RUN = fileURLToPath(new URL('../../local/main.ts', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(...options: string[]) {
  const env = { ...process.env, UNDERSTUDY_STATE: folder };
  const tsx = import.meta.resolve('tsx');
  const child = spawn(process.execPath, ['--import', tsx, RUN, ...options], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

describe('the program behind npm run up', () => {
  it('stops after a signal that comes while it starts', async () => {
    const child = run('--port', '0', '--storage-only');
    const exited = once(child, 'exit').then(() => 'exited');
    while (!existsSync(join(folder, 'dynamodb'))) await pause(1);

    child.kill('SIGTERM');

    expect(await Promise.race([exited, pause(15_000)])).toBe('exited');
  });

  it.each(['abc', '99999'])('refuses the port "%s" with a sentence', async (port) => {
    const child = run(`--port=${port}`, '--storage-only');
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });

    const [exit] = await once(child, 'close');

    expect(exit).toBe(2);
    expect(stderr).toBe(
      `"${port}" is not a port; give a number from 0 (any free port) to 65535.\n`,
    );
  });
});
