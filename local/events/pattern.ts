/** An EventBridge pattern: a field holds a list (any of its values) or a nested pattern; all fields must match. */
export type Pattern = { readonly [field: string]: unknown };

type Test = (event: unknown) => boolean;

/**
 * Compiles an EventBridge event pattern, which is also the language of Lambda's event-source filters. Of its operators
 * there are those that core/wiring.ts uses: exact values and `prefix`.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @throws Error that names any other operator, so that a pattern is never evaluated differently than on AWS
 */
export function compilePattern(pattern: Pattern): Test {
  return compileObject(pattern, 'pattern');
}

function compileObject(pattern: Pattern, place: string): Test {
  const fields = Object.entries(pattern).map(([field, wanted]): Test => {
    if (field.startsWith('$')) throw unsupported(place, field);
    const test = compileField(wanted, `${place}.${field}`);
    return (value) => test(isObject(value) ? value[field] : undefined);
  });
  if (fields.length === 0) throw new Error(`${place} is empty`);
  return (value) => fields.every((matches) => matches(value));
}

function compileField(wanted: unknown, place: string): Test {
  if (Array.isArray(wanted) && wanted.length > 0) {
    const tests = wanted.map((one) => compileValue(one, place));
    return (value) => values(value).some((one) => tests.some((matches) => matches(one)));
  }
  if (!isObject(wanted)) {
    throw new Error(`${place} must be a list of values or a nested pattern, and not empty`);
  }
  const nested = compileObject(wanted, place);
  // Of a list of objects, one and the same element has to match all of the nested pattern.
  return (value) => (Array.isArray(value) ? value.some(nested) : nested(value));
}

function compileValue(wanted: unknown, place: string): Test {
  if (!isObject(wanted)) return (value) => value === wanted;
  const { prefix, ...others } = wanted;
  const [operator] = Object.keys(others);
  if (operator !== undefined) throw unsupported(place, operator);
  if (typeof prefix !== 'string') throw new Error(`${place}.prefix must be a string`);
  return (value) => typeof value === 'string' && value.startsWith(prefix);
}

const unsupported = (place: string, operator: string): Error =>
  new Error(`${place}: the local EventBridge does not support the operator "${operator}"`);

/** A list in the event matches if any of its elements does. */
const values = (value: unknown): unknown[] => (Array.isArray(value) ? value.flat() : [value]);

const isObject = (value: unknown): value is Pattern =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
