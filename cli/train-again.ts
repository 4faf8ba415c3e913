import { isDeepStrictEqual } from 'node:util';
import { withoutMark } from '#core/parse-recipe.ts';

// The field `again` of a recipe changes nothing but the identity of the job: the same dataset is trained once more.

/** The recipe with `again` in it; what is not a JSON object stays as it is, to be refused by the validation. */
export function withAgain(recipe: string | undefined, again: string): string {
  const fields = fieldsOf(recipe);
  return fields === undefined
    ? (recipe ?? '')
    : `${JSON.stringify({ ...fields, again }, null, 2)}\n`;
}

/** What the recipe has as `again`; `undefined` if there is none. */
export const againOf = (recipe: string | undefined): unknown => fieldsOf(recipe)?.again;

/** Whether two recipes train the same: no recipe is as good as an empty one, and `again` does not count. */
export function trainTheSame(a: string | undefined, b: string | undefined): boolean {
  const [first, second] = [fieldsOf(a), fieldsOf(b)].map((fields) => {
    const { again: _, ...rest } = fields ?? {};
    return fields && rest;
  });
  return first !== undefined && isDeepStrictEqual(first, second);
}

function fieldsOf(recipe: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(withoutMark(recipe ?? '{}'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}
