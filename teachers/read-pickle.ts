import { byteReader } from './byte-reader.ts';
import { OPERATIONS } from './pickle-operations.ts';
import { refuse } from './teacher-refused.ts';

/** Something a pickle may name. It may be called only if it says what a call gives. */
export type Global = {
  kind: 'global';
  name: string;
  call?: (given: readonly Value[]) => Value;
};

/** Kept apart from lists, since only a tuple may be an argument list. */
export type Tuple = { kind: 'tuple'; items: readonly Value[] };

/** A value of the reader's user: what a persistent id or a call stood for. */
export type Opaque = { kind: 'opaque'; value: unknown };

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | Map<Value, Value>
  | Tuple
  | Opaque
  | Global;

/** All that a pickle can reach. A pickle is a program: what is not listed here does not exist for it. */
export type AllowedGlobals = {
  globals: ReadonlyMap<string, Global>; // by module and name
  /** What a persistent id stands for; without it a pickle has none. */
  persistent?: (id: Value) => Opaque;
  /** Attributes that an ordered dictionary may bring along; they are thrown away. */
  ignoredState?: ReadonlySet<string>;
};

const MAX_OPERATIONS = 2_000_000; // EfficientNet-Lite0's largest pickle has 11,000
const MAX_MARKS = 64; // deep nesting; the deepest in a file of weights is 5
const MARK = Symbol('mark');

/**
 * Reads one pickle, of the few operations that files of weights are made of, and executes nothing.
 *
 * @param start where in `bytes` it begins
 * @returns the value, and where the pickle ends
 * @throws TeacherRefused naming what is not allowed, and where
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  reachable: AllowedGlobals,
): { value: Value; end: number } {
  const reader = byteReader(bytes, start);
  const stack: (Value | typeof MARK)[] = [];
  const memo = new Map<number, Value>();
  let marks = 0;

  const fail = (what: string): never => refuse(`The pickle at byte ${reader.at()} ${what}.`);

  const mark = () => {
    if (++marks > MAX_MARKS) fail('is nested too deeply');
    stack.push(MARK);
  };
  const pop = (): Value => {
    const value = stack.pop();
    if (value === undefined || value === MARK) return fail('takes a value where there is none');
    return value;
  };
  const popToMark = (): Value[] => {
    const opened = stack.lastIndexOf(MARK);
    if (opened < 0) return fail('closes a list that it never opened');
    marks -= 1;
    const values = stack.splice(opened) as Value[];
    return values.slice(1);
  };
  const top = (): Value => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const put = (slot: number) => {
    if (memo.has(slot)) fail(`remembers two values under the number ${slot}`);
    memo.set(slot, top());
  };
  const get = (slot: number) => {
    const value = memo.get(slot);
    if (value === undefined) return fail(`recalls the number ${slot}, which it never remembered`);
    stack.push(value);
  };
  const setItems = (pairs: Value[]) => {
    const into = top();
    if (!(into instanceof Map) || pairs.length % 2 !== 0)
      return fail('sets items of what has none');
    for (let i = 0; i < pairs.length; i += 2) {
      const [key = null, value = null] = pairs.slice(i, i + 2);
      if (typeof key !== 'string') return fail('has a dictionary with a key that is no string');
      if (into.has(key)) fail(`has the key ${JSON.stringify(key)} twice`);
      into.set(key, value);
    }
  };
  const append = (values: Value[]) => {
    const into = top();
    if (!Array.isArray(into)) return fail('appends to what is no list');
    for (const value of values) into.push(value); // spread, a long list would overflow the call stack
  };
  const global = () => {
    const name = `${reader.line()}.${reader.line()}`;
    const known = reachable.globals.get(name);
    if (!known) return fail(`names ${JSON.stringify(name)}, which no file of weights needs`);
    stack.push(known);
  };
  const reduce = () => {
    const given = pop();
    const callee = pop();
    if (!is('global', callee)) return fail('calls what cannot be called');
    if (!callee.call) return fail(`calls ${callee.name}, which may only be named`);
    if (!is('tuple', given)) return fail(`calls ${callee.name} without an argument list`);
    stack.push(callee.call(given.items));
  };
  const build = () => {
    const state = pop();
    const object = top();
    const isHarmless =
      object instanceof Map &&
      state instanceof Map &&
      [...state.keys()].every((key) => reachable.ignoredState?.has(key as string));
    if (!isHarmless) fail('sets the state of an object, which no file of weights needs');
  };
  const persistent = () => {
    if (!reachable.persistent) return fail('has a persistent id where there may be none');
    stack.push(reachable.persistent(pop()));
  };

  const allowed = new Map<string | undefined, () => void>([
    ['MARK', mark],
    ['EMPTY_TUPLE', () => stack.push(tuple([]))],
    ['BININT', () => stack.push(reader.int32())],
    ['BININT1', () => stack.push(reader.uint(1))],
    ['BININT2', () => stack.push(reader.uint(2))],
    ['NONE', () => stack.push(null)],
    ['BINPERSID', persistent],
    ['REDUCE', reduce],
    ['BINUNICODE', () => stack.push(reader.text(reader.uint(4)))],
    ['EMPTY_LIST', () => stack.push([])],
    ['APPEND', () => append([pop()])],
    ['BUILD', build],
    ['GLOBAL', global],
    ['APPENDS', () => append(popToMark())],
    ['BINGET', () => get(reader.uint(1))],
    ['LONG_BINGET', () => get(reader.uint(4))],
    ['BINPUT', () => put(reader.uint(1))],
    ['LONG_BINPUT', () => put(reader.uint(4))],
    ['SETITEM', () => setItems([pop(), pop()].reverse())],
    ['TUPLE', () => stack.push(tuple(popToMark()))],
    ['SETITEMS', () => setItems(popToMark())],
    ['EMPTY_DICT', () => stack.push(new Map())],
    ['TUPLE1', () => stack.push(tuple([pop()]))],
    ['TUPLE2', () => stack.push(tuple([pop(), pop()].reverse()))],
    ['TUPLE3', () => stack.push(tuple([pop(), pop(), pop()].reverse()))],
    ['NEWTRUE', () => stack.push(true)],
    ['NEWFALSE', () => stack.push(false)],
    ['LONG1', () => stack.push(reader.long())],
  ]);

  if (reader.uint(1) !== 0x80 || reader.uint(1) !== 2) fail('is not of protocol 2');
  for (let count = 0; count < MAX_OPERATIONS; count++) {
    const code = reader.uint(1);
    const name = OPERATIONS.get(code);
    if (name === 'STOP') {
      const value = pop();
      if (stack.length > 0) fail('leaves values over');
      return { value, end: reader.at() };
    }
    const operation = allowed.get(name);
    if (!operation)
      return fail(`uses ${name ?? `the byte ${code}`}, which no file of weights needs`);
    operation();
  }
  return fail('does not end');
}

/** Whether a value is one of the kinds that a plain `typeof` does not tell. */
export function is<Kind extends 'tuple' | 'opaque' | 'global'>(
  kind: Kind,
  value: Value | undefined,
): value is Extract<Value, { kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

const tuple = (items: readonly Value[]): Tuple => ({ kind: 'tuple', items });
