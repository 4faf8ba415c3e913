import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { composeRecipe } from '#cli/compose-recipe.ts';
import { addRecipeFlags, givenFlags, RECIPE_FLAGS } from '#cli/recipe-flags.ts';
import { RECIPE_FIELDS } from '#core/recipe-fields.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { exampleOf, inJson, recipeJsonSchemaText, recipePage } from '../../docs/recipe.ts';

const committed = (name: string) =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('the pages on the recipe', () => {
  it.each([
    ['recipe.md', recipePage],
    ['recipe.schema.json', recipeJsonSchemaText],
  ])(
    'docs/%s is the one that the script writes: run `npm run docs` after a change',
    (name, page) => {
      expect(committed(name)).toBe(page());
    },
  );

  it.each([...RECIPE_FIELDS.keys()])('explain %s', (field) => {
    expect(recipePage()).toMatch(new RegExp(`^##+ \`${field.replace('.', '\\.')}\`$`, 'm'));
  });

  it.each([...RECIPE_FIELDS.values()])('have a valid example of $name', (field) => {
    const text = inJson(field);

    expect(composeRecipe({ file: { path: 'f', text }, flags: [] }, TEACHERS)).toEqual({ text });
  });

  it.each(RECIPE_FLAGS)('have the same example for $name', (flag) => {
    const command = addRecipeFlags(new Command().exitOverride());
    const options = command.parse(exampleOf(flag).split(' '), { from: 'user' }).opts();
    const { text } = composeRecipe({ file: undefined, flags: givenFlags(options) }, TEACHERS);
    const field = RECIPE_FIELDS.get(flag.field);

    expect(JSON.parse(text ?? '')).toEqual(JSON.parse(field ? inJson(field) : ''));
  });

  it('tell editors what a file may have', () => {
    const { properties } = JSON.parse(committed('recipe.schema.json'));

    expect(Object.keys(properties)).toContain('$schema');
    expect(properties.regime).toMatchObject({ default: 'auto', examples: expect.any(Array) });
    expect(properties.input_px).not.toHaveProperty('default');
    expect(JSON.stringify(properties)).not.toMatch(/"(takes|when|ifOmitted|values)"/);
  });
});
