import * as z from 'zod';
import { FIELD_WORDS, type FieldWords, Recipe } from './recipe.ts';

/** A field of the recipe. */
export interface RecipeField extends FieldWords {
  name: string; // with dots for nested fields: `split.test`
  schema: z.ZodType;
}

/** All fields of the recipe by name, in the order of its schema, each before the fields inside it. */
export const RECIPE_FIELDS: ReadonlyMap<string, RecipeField> = new Map(
  fieldsIn(Recipe, '').map((field) => [field.name, field]),
);

function fieldsIn(object: z.ZodObject, prefix: string): RecipeField[] {
  return Object.entries(object.shape).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    const words = FIELD_WORDS.get(schema);
    if (!words) throw new Error(`the field "${name}" of the recipe has no words`);
    const inside = objectIn(schema);
    return [{ name, schema, ...words }, ...(inside ? fieldsIn(inside, `${name}.`) : [])];
  });
}

/** The object that a field may hold, if any. */
function objectIn(schema: z.ZodType): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return objectIn(schema.unwrap() as z.ZodType);
  if (!(schema instanceof z.ZodUnion)) return undefined;
  return schema.options.map((each) => objectIn(each as z.ZodType)).find((each) => each);
}

/** The keys that may stand directly inside a field, or in the recipe itself for an empty name. */
export function keysInside(parent: string): string[] {
  const prefix = parent === '' ? '' : `${parent}.`;
  return [...RECIPE_FIELDS.keys()]
    .filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('.'))
    .map((name) => name.slice(prefix.length));
}
