import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRecipe } from '#cli/example-recipe.ts';
import { initDataset } from '#cli/init-dataset.ts';
import { judgeLocal } from '#cli/judge-local.ts';
import { parseRecipe } from '#core/parse-recipe.ts';
import { Recipe } from '#core/recipe.ts';
import { RECIPE_FIELDS } from '#core/recipe-fields.ts';
import { TEACHERS } from '#teachers/catalogue.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-init-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('initDataset', () => {
  it('writes a dataset that is accepted, with its recipe, even in folders that do not exist', async () => {
    const path = join(folder, 'some', 'where');

    expect(await initDataset(path)).toMatchObject({ images: 60 });

    const recipe = await readFile(join(path, 'dataset.json'), 'utf8');
    const report = await judgeLocal(path, recipe);
    expect(report).toMatchObject({ accepted: true, examples: 60, problems: [], warnings: [] });
    expect(report.classes).toHaveLength(3);
    expect(report.leftOut).toEqual([]);
    const { $schema } = JSON.parse(recipe);
    expect(resolve(path, $schema)).toBe(resolve('docs/recipe.schema.json'));
  });

  it('writes nothing where there is a recipe, and says what there is', async () => {
    const path = join(folder, 'mine');
    await mkdir(join(path, 'cat'), { recursive: true });
    await writeFile(join(path, 'dataset.json'), '{"seed": 3}');

    await expect(initDataset(path)).rejects.toThrow(
      `${path} has a dataset.json already (beside cat); nothing was written.`,
    );

    expect(await readFile(join(path, 'dataset.json'), 'utf8')).toBe('{"seed": 3}');
    expect(await readdir(path)).toEqual(['cat', 'dataset.json']);
  });

  it('adds only the recipe to images that are there', async () => {
    const path = join(folder, 'images');
    await mkdir(join(path, 'cat'), { recursive: true });

    expect(await initDataset(path)).toMatchObject({ images: 0, besides: 'cat' });

    expect(await readdir(path)).toEqual(['cat', 'dataset.json']);
  });

  it('does not take a file for a folder', async () => {
    await writeFile(join(folder, 'file'), 'x');

    await expect(initDataset(join(folder, 'file'))).rejects.toThrow('is a file; give a folder.');
  });
});

describe('exampleRecipe', () => {
  it('trains as no recipe does, and has a comment on every field', () => {
    const text = exampleRecipe('recipe.schema.json');

    expect(parseRecipe(text, 'dataset.json', TEACHERS)).toMatchObject({
      problems: [],
      recipe: Recipe.parse({}),
    });
    for (const { description } of RECIPE_FIELDS.values()) {
      const isIn = text.includes(JSON.stringify(description).slice(1, -1));
      const isWithout = description.startsWith('Mirrors') || /^(Shifts|Varies)/.test(description);
      expect([description, isIn]).toEqual([description, !isWithout]); // "auto" stands for these
    }
  });
});
