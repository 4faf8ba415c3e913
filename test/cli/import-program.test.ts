import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '#cli/verbs.ts';
import packageJson from '../../package.json' with { type: 'json' };

const IMPORT_PROGRAM = fileURLToPath(new URL('../../cli/import-program.mjs', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Prints the version with a program from this cache. */
async function version(cache: string): Promise<string> {
  const script = `
    const { importProgram } = await import(${JSON.stringify(IMPORT_PROGRAM)});
    const { main } = await importProgram('cli/main.ts', ${JSON.stringify(cache)});
    await main(['node', 'understudy', '--version']);`;
  const words = ['--input-type=module', '--eval', script];
  return (await promisify(execFile)(process.execPath, words)).stdout.trim();
}

describe('a program of this repository', () => {
  it('is bundled once, even if several start at a time', async () => {
    const cache = join(folder, 'cache');

    expect(await Promise.all([version(cache), version(cache)])).toEqual([
      packageJson.version,
      packageJson.version,
    ]);
    expect(await version(cache)).toBe(packageJson.version);

    expect(await readdir(cache)).toEqual([expect.stringMatching(/^[0-9a-f]{20}$/)]);
  }, 60_000);

  it('runs from its sources where no bundle can be kept', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');

    expect(await version(join(file, 'cache'))).toBe(packageJson.version);
  }, 60_000);
});

describe('the list of commands', () => {
  it.each(VERBS)('names $name as the command itself does', async ({ name, load }) => {
    expect((await load())().name()).toBe(name);
  });
});
