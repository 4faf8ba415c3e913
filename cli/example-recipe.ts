import { Recipe } from '#core/recipe.ts';
import { COMMENT } from '#core/recipe-comments.ts';
import { RECIPE_FIELDS, type RecipeField } from '#core/recipe-fields.ts';

/**
 * A recipe that has every field with its default, and a comment on each. It trains as no recipe does, until somebody
 * changes it.
 *
 * @param schema the path of the JSON Schema for editors, from the recipe's folder
 */
export function exampleRecipe(schema: string): string {
  const defaults: Record<string, unknown> = Recipe.parse({});
  const recipe: Record<string, unknown> = { $schema: schema, [COMMENT]: ABOUT };
  for (const field of RECIPE_FIELDS.values()) {
    if (field.name.includes('.')) continue; // with the field that it is in
    const { name } = field;
    const value = defaults[name];
    recipe[`${COMMENT} ${name}`] = commentOn(field);
    const inside = [...RECIPE_FIELDS.values()].filter((each) => each.name.startsWith(`${name}.`));
    if (typeof value === 'object' && value !== null) {
      const entries = inside.flatMap((each) => {
        const key = each.name.slice(name.length + 1);
        const known = Object.entries(value).filter(([own]) => own === key);
        return [[`${COMMENT} ${key}`, commentOn(each)], ...known];
      });
      recipe[name] = Object.fromEntries(entries);
    } else if (value !== undefined) recipe[name] = value;
  }
  return `${JSON.stringify(recipe, null, 2)}\n`;
}

const ABOUT = [
  'A recipe: how to train on the images beside it. You can delete any line, or the file:',
  'what is left out has its default. Keys that begin with // are comments.',
];

function commentOn({ description, takes, when, ifOmitted, example }: RecipeField): string {
  const byDefault = ifOmitted === undefined ? '' : ` If left out: ${ifOmitted}.`;
  const sample = ifOmitted === undefined ? '' : ` Example: ${JSON.stringify(example)}.`;
  return `${description} Takes ${takes}.${byDefault}${sample}${when ? ` When to change it: ${lowerFirst(when)}` : ''}`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
