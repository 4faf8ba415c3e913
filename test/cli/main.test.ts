import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf, understudy } from '#test/end-to-end/commands.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-cli-'));
  await writeFile(join(folder, 'notes.txt'), 'hello');
  await mkdir(join(folder, 'broken'));
  await mkdir(join(folder, 'empty'));
  await symlink('/no/such/image.jpg', join(folder, 'broken', '1.jpg'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('train with a recipe that is rejected', () => {
  it('starts nothing, not even the pipeline', async () => {
    const [state, pets] = [join(folder, 'untouched'), join(folder, 'pets')];
    await mkdir(join(pets, 'cat'), { recursive: true });
    await writeFile(join(pets, 'cat', '1.jpg'), 'a cat');
    const zip = join(folder, 'pets.zip');
    await writeFile(zip, 'a zip');

    for (const dataset of [pets, zip]) {
      const { exit, stderr, stdout } = await understudy(
        state,
        'train',
        dataset,
        '--regime',
        'block:2',
      );

      expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
      expect(stderr).toBe(
        `Reading ${dataset} …\n` +
          'The recipe was rejected; nothing was uploaded:\n' +
          '  --regime must be auto, head-only, blocks:1 to blocks:7 or full, not "block:2". Did you mean "blocks:2"?\n',
      );
    }
    await expect(access(state)).rejects.toMatchObject({ code: 'ENOENT' });
  }, 60_000);
});

describe('the exit code of understudy', () => {
  it.each([
    [2, ['no-such-verb']],
    [2, ['train']],
    [2, ['train', 'NOTES']],
    [3, ['train', 'BROKEN']],
    [3, ['train', 'EMPTY']],
    [2, ['train', 'NOTES', '--px']],
    [2, ['up', '--port', 'abc']],
    [2, ['up', '--port', '-1']],
    [2, ['up', '--port', '99999']],
    [2, ['up', '--port', '']],
    [2, ['status', '--no-such-option']],
    [2, ['deploy', '--instance-types', 'g4dn.xlarge', '--image-uri', 'latest']],
    [6, ['teachers', '--import', 'nobody']],
    [6, ['train', 'no/such/folder']],
    [6, ['status', 'nobody']],
    [6, ['predict', 'nobody', 'x.png']],
    [6, ['download', 'nobody', 'there']],
    [6, ['retry', '0123456789ab']],
    [6, ['--quiet', 'retry', '0123456789ab']],
    [6, ['cancel', 'nobody']],
    [0, ['status', '--json']],
    [0, ['list', '--json']],
    [0, ['teachers', '--json']],
    [0, ['--help']],
    [0, ['--version']],
    [0, ['train', '--help']],
  ])(
    'is %i after %j',
    async (exit, words) => {
      const outcome = await understudy(
        join(folder, 'state'),
        ...words.map((word) =>
          word
            .replace('NOTES', join(folder, 'notes.txt'))
            .replace('BROKEN', join(folder, 'broken'))
            .replace('EMPTY', join(folder, 'empty')),
        ),
      );

      expect(outcome.stderr).not.toContain('    at ');
      expect(outcome.exit).toBe(exit);
      if (words.includes('--json')) expect(JSON.parse(outcome.stdout)).toBeInstanceOf(Array);
      if (exit !== 0) expect(outcome.stdout).toBe('');
    },
    60_000,
  );
});

describe('the options of every command', () => {
  it('are in the help of each', async () => {
    const { stdout } = await understudy(join(folder, 'state'), 'train', '--help');

    for (const option of ['--state <folder>', '--quiet', '--no-color']) {
      expect(stdout).toContain(option);
    }
  }, 60_000);

  it('leave only the error of a command that should be quiet', async () => {
    const words = ['train', join(folder, 'empty')];
    const loud = await understudy(join(folder, 'state'), ...words);
    const before = await understudy(join(folder, 'state'), '--quiet', ...words);
    const after = await understudy(join(folder, 'state'), ...words, '-q');

    expect(loud.stderr).toMatch(/^Reading .* …\n.* is empty;.*\n$/);
    expect(before.stderr).toBe(loud.stderr.replace(/^Reading.*\n/, ''));
    expect(after).toEqual(before);
  }, 60_000);
});

describe.skipIf(process.platform !== 'linux')('an output that cannot be written', () => {
  it('is said in one sentence', async () => {
    const program = fileURLToPath(new URL('../../cli/understudy.mjs', import.meta.url));
    const state = join(folder, 'state');
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [program, 'list', '--json', '--state', state], {
      stdio: ['ignore', full.fd, 'pipe'],
    });

    const { exit, stderr } = await outcomeOf(child);
    await full.close();

    expect(stderr).toMatch(/^The output cannot be written: .*no space left.*\n$/);
    expect(exit).toBe(5);
  }, 60_000);
});
