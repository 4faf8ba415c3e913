import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { RECIPE_FLAGS, type RecipeFlag } from '#cli/recipe-flags.ts';
import { FIELD_WORDS, RecipeFile } from '#core/recipe.ts';
import { RECIPE_FIELDS, type RecipeField } from '#core/recipe-fields.ts';
import { CATALOGUE } from '#teachers/catalogue.ts';

// Writes docs/recipe.md and docs/recipe.schema.json from the schema of the recipe: `npm run docs`.

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of `dataset.json`, for editors. */
export function recipeJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(RecipeFile, {
    io: 'input',
    target: 'draft-7', // the newest that common editors know in full
    metadata: FIELD_WORDS as unknown as z.core.$ZodRegistry<Record<string, unknown>>,
    override: ({ zodSchema, jsonSchema }) => {
      if (jsonSchema.additionalProperties === false)
        jsonSchema.patternProperties = { '^//': { description: 'A comment.' } };
      const words = FIELD_WORDS.get(zodSchema as unknown as z.ZodType);
      if (!words) return;
      for (const key of ['takes', 'values', 'ifOmitted', 'when', 'example']) delete jsonSchema[key];
      const examples = jsonSchema.enum || jsonSchema.anyOf ? undefined : words.values;
      jsonSchema.examples = examples ? [...examples] : [words.example];
    },
  });
  const title = 'A recipe of Understudy';
  return { $schema: schema.$schema, title, ...schema } as JsonSchema;
}

export const recipeJsonSchemaText = (): string =>
  `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`;

const EXAMPLE = {
  $schema: './recipe.schema.json',
  regime: 'blocks:2',
  augmentation: { flip: true },
  split: { validation: 0.1, test: 0.2 },
  budget: { minutes: 30, dollars: 0.5 },
  seed: 3,
};

const introduction =
  (): string => `<!-- Written by docs/recipe.ts from core/recipe.ts and cli/recipe-flags.ts: change those, then run \`npm run docs\`. -->

# The recipe

A recipe says how to train on a dataset. Every field is optional; without a recipe, everything is decided by measurements on the images. There are three places for it:

- flags: \`npx understudy train my-images --regime blocks:2 --minutes 30 --seed 3\`
- a JSON file: \`dataset.json\` in the folder of the dataset or in its archive, or any file with \`train --recipe FILE\`
- in the bucket: \`datasets/<name>/dataset.json\` for a folder; \`datasets/<name>.json\`, uploaded first, for an archive (before the one inside)

Flags override the file. What \`train\` uploads is the file as it is or, if flags change a value in it, a file with both; the same values in the same order are the same job. A recipe is checked before anything is uploaded, and again by the pipeline: all faults are reported at once, with line and column.

\`\`\`json
${exampleFile()}
\`\`\`

\`"$schema"\` is for editors, which then complete the fields and mark faults; give it the path of [recipe.schema.json](recipe.schema.json). JSON has no comments; keys that begin with \`//\`, here and in the fields, are ignored: \`"// seed": "the best of five"\`. \`npx understudy init FOLDER\` writes a recipe that has every field with its default and a comment. [examples/recipes](../examples/recipes) has recipes for common cases.
`;

/** The page that explains every field. */
export function recipePage(): string {
  const fields = [...RECIPE_FIELDS.values()];
  const rows = fields.map((field) => [
    `[\`${field.name}\`](#${anchorOf(field)})`,
    typeOf(field),
    defaultOf(field),
    flagCell(field),
  ]);
  return [
    introduction(),
    table([['field', 'type', 'default', 'flag'], ...rows]),
    '',
    ...fields.map(section),
  ].join('\n');
}

function section(field: RecipeField): string {
  const flag = flagOf(field);
  const level = field.name.includes('.') ? '###' : '##';
  const part = partOf(field);
  return [
    `${level} \`${field.name}\``,
    '',
    inCode(field.description),
    '',
    `- **Value**: ${inCode(field.takes)}`,
    `- **Default**: ${defaultOf(field)}`,
    ...(flag ? [`- **Flag**: ${flagInWords(flag)}`] : []),
    ...(part ? [`- **Flag**: part of \`${part.name}\``] : []),
    ...(field.when ? [`- **When to change it**: ${inCode(field.when)}`] : []),
    `- **Example**: \`${inJson(field)}\`${flag ? ` or \`${exampleOf(flag)}\`` : ''}`,
    ...(field.name === 'teacher' ? [`- **Catalogue**, from the fastest: ${teachers()}`] : []),
    '',
  ].join('\n');
}

function flagInWords(flag: RecipeFlag): string {
  const rest = [flag.takes, flag.note].filter((text) => text !== undefined);
  return [`\`${usageOf(flag)}\``, ...rest].join('; ');
}

/** Sets quoted values in code, apart from those that are already. */
const inCode = (text: string): string => text.replaceAll(/(?<!`)"[^"]*"/g, '`$&`');

/** The flag that sets the field together with others. */
const partOf = ({ name }: RecipeField): RecipeFlag | undefined =>
  RECIPE_FLAGS.find(({ field }) => name.startsWith(`${field}.`));

const flagOf = ({ name }: RecipeField): RecipeFlag | undefined =>
  RECIPE_FLAGS.find(({ field }) => field === name);

function flagCell(field: RecipeField): string {
  const flag = flagOf(field);
  if (flag) return `\`${usageOf(flag)}\``;
  const part = partOf(field);
  return part ? `\`${usageOf(part)}\`` : '';
}

const usageOf = ({ name, argument }: RecipeFlag): string =>
  argument === undefined ? `${name}, ${name.replace('--', '--no-')}` : `${name} ${argument}`;

/** The flag with the value of the field's example. */
export function exampleOf({ name, field }: RecipeFlag): string {
  const example = RECIPE_FIELDS.get(field)?.example;
  if (typeof example === 'boolean') return example ? name : name.replace('--', '--no-');
  if (Array.isArray(example)) return `${name} ${example.join(',')}`;
  if (typeof example !== 'object' || example === null) return `${name} ${example}`;
  return `${name} ${['auto', ...Object.keys(example)].join(',')}`; // an augmentation
}

/** The example as it stands in the file, nested where the field is. */
export function inJson({ name, example }: RecipeField): string {
  const [outer = '', inner] = name.split('.');
  return onOneLine({ [outer]: inner === undefined ? example : { [inner]: example } });
}

const onOneLine = (value: unknown): string =>
  JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ');

function exampleFile(): string {
  const lines = Object.entries(EXAMPLE).map(([key, value]) => `  "${key}": ${onOneLine(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}

function defaultOf({ schema, ifOmitted, name }: RecipeField): string {
  if (ifOmitted !== undefined) return ifOmitted;
  const isNested = [...RECIPE_FIELDS.keys()].some((each) => each.startsWith(`${name}.`));
  const value = schema.safeParse(undefined).data;
  return isNested && typeof value === 'object'
    ? 'those of its fields'
    : `\`${JSON.stringify(value)}\``;
}

/** The types of the JSON Schema in words: `string`, `string or object`. */
function typeOf({ name }: RecipeField): string {
  const schema = name
    .split('.')
    .reduce<JsonSchema | undefined>((inside, key) => propertiesOf(inside)[key], recipeJsonSchema());
  const all = [schema, ...((schema?.anyOf as JsonSchema[] | undefined) ?? [])];
  return all
    .map((each) => (each?.type === 'array' ? 'list of strings' : each?.type))
    .filter((type) => type !== undefined)
    .join(' or ');
}

function propertiesOf(schema: JsonSchema | undefined): Record<string, JsonSchema> {
  const all = [schema, ...((schema?.anyOf as JsonSchema[] | undefined) ?? [])];
  const object = all.find((each) => each?.properties !== undefined);
  return (object?.properties ?? {}) as Record<string, JsonSchema>;
}

const teachers = (): string => CATALOGUE.map(({ name }) => `\`${name}\``).join(', ');

const anchorOf = ({ name }: RecipeField): string => name.replaceAll('.', ''); // as GitHub makes it

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url);
if (isMain) {
  writeFileSync(new URL('./recipe.md', import.meta.url), recipePage());
  writeFileSync(new URL('./recipe.schema.json', import.meta.url), recipeJsonSchemaText());
}
