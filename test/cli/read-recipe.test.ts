import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecipe } from '#cli/read-recipe.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-recipe-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('readRecipe', () => {
  it('gives the text as it is, with its byte order mark', async () => {
    const file = join(folder, 'marked.json');
    await writeFile(file, '\uFEFF{ "teacher": "é" }');

    expect(await readRecipe(file)).toBe('\uFEFF{ "teacher": "é" }');
  });

  it('reads from a pipe, as a shell gives one', async () => {
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);

    const [text] = await Promise.all([readRecipe(pipe), writeFile(pipe, '{"seed": 2}')]);

    expect(text).toBe('{"seed": 2}');
  });

  it('reads only the start of a huge file, even in the middle of a character', async () => {
    const file = join(folder, 'huge.json');
    await writeFile(file, '日'.repeat(200_000));

    expect((await readRecipe(file)).length).toBeLessThan(100_000);
  });

  it.each([
    ['a file that does not exist', 'nowhere.json', undefined, 6, 'There is no recipe'],
    ['a folder', '.', undefined, 2, 'is a folder, not a recipe'],
    ['UTF-16, as PowerShell writes it', 'wide.json', '\uFEFF{}', 3, 'is encoded as UTF-16'],
  ])('refuses %s', async (_, name, text, exit, sentence) => {
    const file = join(folder, name);
    if (text !== undefined) await writeFile(file, text, 'utf16le');

    await expect(readRecipe(file)).rejects.toMatchObject({
      exit,
      message: expect.stringContaining(sentence),
    });
  });

  it('refuses bytes that are no text', async () => {
    const file = join(folder, 'image.json');
    await writeFile(file, Buffer.from([0x89, 0x50, 0x4e, 0x47]));

    await expect(readRecipe(file)).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining('is not text in UTF-8'),
    });
  });
});
