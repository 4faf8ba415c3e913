import * as z from 'zod';

/** What an event is asked: a field holds a list (any of) or a nested pattern; fields are joined by "and". */
export type Pattern = { readonly [field: string]: unknown };

type Test = (event: unknown) => boolean;

/** Raised for a pattern that EventBridge would not accept either; the message names the place. */
export class InvalidEventPattern extends Error {
  override name = 'InvalidEventPattern';
}

/**
 * Compiles an EventBridge event pattern, which is also the language of Lambda's event-source filters.
 * An unknown operator is refused here, not ignored at the first event.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function compilePattern(pattern: Pattern): Test {
  return compileObject(pattern, 'pattern');
}

function compileObject(pattern: Pattern, place: string): Test {
  const fields = Object.entries(pattern).map(([field, wanted]): Test => {
    const here = `${place}.${field}`;
    if (field === '$or') return compileOr(wanted, here);
    const test = compileField(wanted, here);
    return (value) => test(isObject(value) ? value[field] : undefined);
  });
  if (fields.length === 0) throw new InvalidEventPattern(`${place} is empty`);
  return (value) => fields.every((matches) => matches(value));
}

function compileOr(choices: unknown, place: string): Test {
  if (!Array.isArray(choices) || !choices.every(isObject)) {
    throw new InvalidEventPattern(`${place} must be a list of patterns`);
  }
  const tests = choices.map((choice, i) => compileObject(choice, `${place}[${i}]`));
  return (value) => tests.some((matches) => matches(value));
}

function compileField(wanted: unknown, place: string): Test {
  if (Array.isArray(wanted)) {
    if (wanted.length === 0) throw new InvalidEventPattern(`${place} is an empty list`);
    const tests = wanted.map((one) => compileLeaf(one, place));
    return (value) => tests.some((matches) => matches(value));
  }
  if (!isObject(wanted)) {
    throw new InvalidEventPattern(`${place} must be a list of values or a nested pattern`);
  }
  const nested = compileObject(wanted, place);
  // Of a list of objects, one and the same element has to match all of the nested pattern.
  return (value) => (Array.isArray(value) ? value.some(nested) : nested(value));
}

/** A list in the event matches if any of its elements does. */
function compileLeaf(wanted: unknown, place: string): Test {
  if (isObject(wanted) && 'exists' in wanted) {
    const exists = parse(z.strictObject({ exists: z.boolean() }), wanted, place).exists;
    return (value) => leaves(value).length > 0 === exists;
  }
  const test = isObject(wanted) ? compileOperator(wanted, place) : equals(wanted);
  return (value) => leaves(value).some(test);
}

const equals =
  (wanted: unknown): Test =>
  (value) =>
    value === wanted;

const Affix = z.union([z.string(), z.strictObject({ 'equals-ignore-case': z.string() })]);
const Comparison = z.enum(['=', '<', '<=', '>', '>=']);
const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** The operators of a leaf, each with the parser of its argument. `exists` and `$or` are handled above. */
const OPERATORS: Record<string, (argument: unknown, place: string) => Test> = {
  prefix: (argument, place) => affix(argument, place, (text, part) => text.startsWith(part)),
  suffix: (argument, place) => affix(argument, place, (text, part) => text.endsWith(part)),
  wildcard: (argument, place) => {
    const like = wildcard(parse(z.string(), argument, place), place);
    return (value) => typeof value === 'string' && like.test(value);
  },
  'equals-ignore-case': (argument, place) => {
    const wanted = parse(z.string(), argument, place).toLowerCase();
    return (value) => typeof value === 'string' && value.toLowerCase() === wanted;
  },
  'anything-but': (argument, place) => {
    const unwanted = isObject(argument) ? everyArgument(argument, place) : scalars(argument, place);
    return (value) => !unwanted.some((matches) => matches(value));
  },
  numeric: (argument, place) => {
    const range = parse(z.array(z.union([z.string(), z.number()])).min(2), argument, place);
    const bounds = range.flatMap((_, i) => (i % 2 === 0 ? [range.slice(i, i + 2)] : []));
    const tests = bounds.map((bound) => {
      const [comparison, limit] = parse(z.tuple([Comparison, z.number()]), bound, place);
      return compare(comparison, limit);
    });
    return (value) => typeof value === 'number' && tests.every((within) => within(value));
  },
};

function compileOperator(wanted: Pattern, place: string): Test {
  const [name = '', ...others] = Object.keys(wanted);
  const operator = OPERATORS[name];
  if (!operator || others.length > 0) {
    const known = [...Object.keys(OPERATORS), 'exists'].join(', ');
    throw new InvalidEventPattern(
      `${place} has ${JSON.stringify(wanted)}, which is not one of the operators ${known}`,
    );
  }
  return operator(wanted[name], `${place}.${name}`);
}

/** `anything-but` takes `{ prefix: 'a' }` and `{ prefix: ['a', 'b'] }` (and the same of the other text operators). */
function everyArgument(wanted: Pattern, place: string): Test[] {
  return Object.entries(wanted).flatMap(([name, argument]) => {
    const choices = Array.isArray(argument) ? argument : [argument];
    return choices.map((choice) => compileOperator({ [name]: choice }, place));
  });
}

function scalars(argument: unknown, place: string): Test[] {
  return parse(z.union([Scalar.transform((one) => [one]), z.array(Scalar)]), argument, place).map(
    equals,
  );
}

function affix(
  argument: unknown,
  place: string,
  has: (text: string, part: string) => boolean,
): Test {
  const part = parse(Affix, argument, place);
  if (typeof part === 'string') return (value) => typeof value === 'string' && has(value, part);
  const lower = part['equals-ignore-case'].toLowerCase();
  return (value) => typeof value === 'string' && has(value.toLowerCase(), lower);
}

/** `*` stands for any characters; `\*` and `\\` are those characters themselves. */
function wildcard(text: string, place: string): RegExp {
  if (/(?<!\\)\*\*/.test(text)) {
    throw new InvalidEventPattern(`${place} has two * in a row, which EventBridge refuses`);
  }
  const source = text.replace(/\\([*\\])|(\*)|([^*\\]+|\\)/g, (_, escaped, star, plain) =>
    star ? '.*' : (escaped ?? plain).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  return new RegExp(`^${source}$`, 's');
}

function compare(comparison: z.infer<typeof Comparison>, limit: number): (n: number) => boolean {
  switch (comparison) {
    case '=':
      return (n) => n === limit;
    case '<':
      return (n) => n < limit;
    case '<=':
      return (n) => n <= limit;
    case '>':
      return (n) => n > limit;
    case '>=':
      return (n) => n >= limit;
  }
}

/** The values a leaf test sees. An object, an empty list and an absent field have none: `exists` speaks of leaves. */
function leaves(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  return value === undefined || isObject(value) ? [] : [value];
}

function parse<T>(schema: z.ZodType<T>, argument: unknown, place: string): T {
  const parsed = schema.safeParse(argument);
  if (parsed.success) return parsed.data;
  throw new InvalidEventPattern(
    `${place} cannot be ${JSON.stringify(argument)}: ${z.prettifyError(parsed.error)}`,
  );
}

const isObject = (value: unknown): value is Pattern =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
