import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRecipe } from '#core/parse-recipe.ts';
import { TEACHERS } from '#teachers/catalogue.ts';

const FOLDER = 'examples/recipes';
const readme = readFileSync('examples/README.md', 'utf8');

describe('the recipes in examples/', () => {
  it.each(readdirSync(FOLDER))('%s is valid, and explained', (file) => {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');

    expect(parseRecipe(text, file, TEACHERS).problems).toEqual([]);
    expect(readme).toContain(`(recipes/${file})`);
  });
});
