import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pathProblem } from '#cli/list-files.ts';
import { openDataset } from '#cli/open-dataset.ts';
import { addRecipeFlags, givenFlags } from '#cli/recipe-flags.ts';
import { zipOf } from '#examples/job-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'understudy-open-')), 'pets');
  await mkdir(join(folder, 'cat'), { recursive: true });
  await writeFile(join(folder, 'cat', '1.jpg'), 'a cat');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const zipped = async () =>
  (await buffer((await openDataset(folder, {})).open())).toString('latin1');

describe('openDataset', () => {
  it('takes the files of a folder, its recipe apart, and leaves hidden files out', async () => {
    await writeFile(join(folder, 'dataset.json'), '{ "seed": 2 }');
    await writeFile(join(folder, '.DS_Store'), '');

    const { name, recipe } = await openDataset(folder, {});

    expect({ name, recipe }).toEqual({ name: 'pets', recipe: '{ "seed": 2 }' });
    expect(await zipped()).toContain('cat/1.jpg');
    expect(await zipped()).not.toMatch(/dataset\.json|DS_Store/);
  });

  describe('a zip with a recipe', () => {
    const zipPath = () => join(folder, '..', 'zipped.zip');
    const writeZip = async (files: Record<string, string>) =>
      writeFile(zipPath(), await zipOf(mapped(files)));
    const mapped = (files: Record<string, string>) =>
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));

    it.each(['dataset.json', 'pets/dataset.json', './pets/dataset.json'])(
      'is trained by it, and uploads no other: %s',
      async (path) => {
        await writeZip({
          [path]: '{ "seed": 2 }',
          [path.replace('dataset.json', 'cat/1.jpg')]: 'a cat',
          '__MACOSX/._x': '',
        });

        expect(await openDataset(zipPath(), {})).toMatchObject({
          recipe: undefined,
          ownRecipe: '{ "seed": 2 }',
        });
        const flags = givenFlags(
          addRecipeFlags(new Command()).parse(['--px', '96'], { from: 'user' }).opts(),
        );
        const { recipe } = await openDataset(zipPath(), { flags });
        expect(JSON.parse(recipe ?? '')).toEqual({ seed: 2, input_px: 96 });
      },
    );

    it('names the file inside when it is wrong', async () => {
      await writeZip({ 'pets/dataset.json': '{ "sead": 2 }', 'pets/cat/1.jpg': 'a cat' });
      await expect(openDataset(zipPath(), {})).rejects.toThrow(
        /pets\/dataset\.json in .*zipped\.zip/,
      );
    });

    it('has none in a class folder', async () => {
      await writeZip({ 'cat/dataset.json': '{ "sead": 2 }', 'dog/1.jpg': 'a dog' });
      expect((await openDataset(zipPath(), {})).ownRecipe).toBeUndefined();
    });

    it.each(['.tar', '.tar.gz', '.TGZ'])('may be a tar: %s', async (ending) => {
      const tar = pack();
      for (const name of ['pets/dataset.json', 'pets/cat/1.jpg'])
        tar.entry({ name, mtime: new Date(0) }, '{ "seed": 2 }');
      tar.finalize();
      const bytes = await buffer(tar as AsyncIterable<Uint8Array>);
      const path = join(folder, '..', `packed${ending}`);
      await writeFile(path, ending === '.tar' ? bytes : gzipSync(bytes));

      expect(await openDataset(path, {})).toMatchObject({
        name: 'packed',
        ending: ending.toLowerCase(),
        ownRecipe: '{ "seed": 2 }',
      });
    });

    it('is left to the validation if it is no zip', async () => {
      await writeFile(zipPath(), 'not a zip');
      expect((await openDataset(zipPath(), {})).recipe).toBeUndefined();
    });
  });

  it('names every path that cannot be read, all at once', async () => {
    await symlink('/no/such/image.jpg', join(folder, 'cat', '2.jpg'));
    await symlink('3.jpg', join(folder, 'cat', '3.jpg'));
    await symlink('..', join(folder, 'cat', 'up'));
    execFileSync('mkfifo', [join(folder, 'cat', '4.jpg')]);
    await symlink('/no/such/recipe.json', join(folder, 'dataset.json'));

    const opened = openDataset(folder, {});

    await expect(opened).rejects.toMatchObject({ name: 'CliError', exit: 3 });
    const message = await opened.then(String, ({ message }: Error) => message);
    expect(message.split('\n').slice(1)).toEqual([
      '  cat/2.jpg is a broken link; remove it or restore its target.',
      '  cat/3.jpg is a link that leads back to itself; remove it.',
      '  cat/4.jpg is a pipe, not a file; remove it.',
      '  cat/up is a link to a folder that contains it; remove the link.',
      '  dataset.json is a broken link; remove it or restore its target.',
    ]);
  });

  it('uses the recipe that the user names instead of the one in the folder, and says so', async () => {
    const notices: string[] = [];
    const onNotice = (sentence: string) => notices.push(sentence);
    const named = join(folder, '..', 'mine.json');
    await writeFile(named, '{ "seed": 3 }');
    const alone = await openDataset(folder, { recipe: named, onNotice });
    await writeFile(join(folder, 'dataset.json'), '{ "seed": 2 }');

    const both = await openDataset(folder, { recipe: named, onNotice });
    await openDataset(folder, { recipe: join(folder, 'dataset.json'), onNotice });

    expect(alone.recipe).toBe('{ "seed": 3 }');
    expect(both.recipe).toBe('{ "seed": 3 }');
    expect(notices).toEqual([`Using ${named} instead of ${join(folder, 'dataset.json')}.`]);
  });

  it('checks the recipe before it looks at the images', async () => {
    const file = join(folder, 'dataset.json');
    await writeFile(file, '{ "seed": -1 }');
    await symlink('/no/such/image.jpg', join(folder, 'cat', '2.jpg'));

    await expect(openDataset(folder, {})).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining(`  ${file}:1:11: "seed" must be an integer from 0`),
    });
  });

  it('follows links to folders, also when two lead to the same one', async () => {
    await symlink('cat', join(folder, 'dog'));

    expect(await zipped()).toContain('dog/1.jpg');
  });

  it.each([
    ['a path that does not exist', 'nowhere', 6, 'no file or folder'],
    ['a file that is not a zip', 'notes.txt', 2, 'neither a folder nor a .zip'],
    ['an empty folder', 'empty', 3, 'is empty'],
    ['a broken link', 'broken.zip', 2, 'broken.zip is a broken link'],
  ])('refuses %s', async (_, name, exit, sentence) => {
    const place = join(folder, '..');
    await writeFile(join(place, 'notes.txt'), '');
    await mkdir(join(place, 'empty'));
    await symlink('/no/such.zip', join(place, 'broken.zip'));

    await expect(openDataset(join(place, name), {})).rejects.toMatchObject({
      exit,
      message: expect.stringContaining(sentence),
    });
  });
});

// Not with real files: nothing is unreadable to root, which runs the tests in many containers.
describe('a path without read permission', () => {
  it('is reported with what to do', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });

    expect(pathProblem('dog/1.jpg', error)).toBe(
      'dog/1.jpg cannot be read: permission denied; change its permissions.',
    );
  });
});
