/** What stands where in a JSON text. Offsets count UTF-16 units from the start of the text. */
export interface JsonPlaces {
  /** The offsets of each value and of its key, by `pathKey` of its path. */
  at: ReadonlyMap<string, { value: number; key: number }>;
  /** Keys that occur again in the same object. */
  repeated: readonly { path: JsonPath; offset: number; first: number }[];
}

export type JsonPath = readonly (string | number)[];

/** A path as the key of a map. */
export const pathKey = (path: readonly PropertyKey[]): string => JSON.stringify(path.map(String));

/** The first place where a text is not JSON, and a sentence on it. */
export interface JsonFault {
  offset: number;
  what: string;
}

const MAX_DEPTH = 50; // a recipe nests twice; deeper texts would only exhaust the stack

/**
 * Finds where each key and value of a JSON text stands, or the first place where it is not JSON. It accepts exactly
 * what `JSON.parse` does, up to a depth of 50; unlike its messages, which differ between versions of Node, these name
 * a place and the usual mistakes.
 */
export function scanJson(text: string): JsonPlaces | JsonFault {
  const at = new Map<string, { value: number; key: number }>();
  const repeated: { path: JsonPath; offset: number; first: number }[] = [];
  let offset = 0;

  const fail = (what: string, where = offset): never => {
    throw new Unreadable({ what, offset: where });
  };
  /** Moves past white space; comments are not allowed, and are frequent. */
  const skip = () => {
    offset += /^[ \t\n\r]*/.exec(text.slice(offset))?.[0].length ?? 0;
    if (/^(\/\/|\/\*|#)/.test(text.slice(offset, offset + 2)))
      fail('JSON has no comments; remove this one, or write "//": "comment".');
  };
  const isEnd = () => offset >= text.length;

  function readValue(path: JsonPath, key: number): void {
    skip();
    at.set(pathKey(path), { value: offset, key });
    if (path.length > MAX_DEPTH) fail('This is nested too deeply.');
    if (isEnd()) fail(path.length === 0 ? 'It is empty.' : 'It ends where a value should follow.');
    const character = text[offset];
    if (character === '{') readObject(path);
    else if (character === '[') readArray(path);
    else if (character === '"') readString();
    else readWord();
  }

  function readObject(path: JsonPath): void {
    const open = offset;
    const keys = new Map<string, number>();
    readItems('}', open, () => {
      const start = offset;
      if (text[offset] !== '"') fail(whyNoKey(text.slice(offset)));
      const key = readString();
      const first = keys.get(key);
      if (first !== undefined) repeated.push({ path: [...path, key], offset: start, first });
      keys.set(key, first ?? start);
      skip();
      if (text[offset] !== ':') fail(`A colon is missing after the key "${key}".`);
      offset += 1;
      readValue([...path, key], start);
    });
  }

  function readArray(path: JsonPath): void {
    let index = 0;
    readItems(']', offset, () => {
      readValue([...path, index], offset);
      index += 1;
    });
  }

  /** Reads what stands between commas, from the opening bracket to the closing one. */
  function readItems(close: '}' | ']', open: number, readItem: () => void): void {
    const unclosed = `This ${text[open]} is never closed; add ${close} at the end.`;
    offset += 1;
    skip();
    if (text[offset] === close) {
      offset += 1;
      return;
    }
    for (;;) {
      if (isEnd()) fail(unclosed, open);
      readItem();
      skip();
      if (isEnd()) fail(unclosed, open);
      const separator = text[offset];
      if (separator !== ',' && separator !== close) fail(whyNoComma(text[offset], close));
      const comma = offset;
      offset += 1;
      if (separator === close) return;
      skip();
      if (text[offset] === close)
        fail(`JSON allows no comma before ${close}; remove this one.`, comma);
    }
  }

  function readString(): string {
    const start = offset;
    offset += 1;
    for (;;) {
      const character = text[offset];
      if (character === undefined || character === '\n' || character === '\r')
        return fail('This text has no closing quotation mark on its line.', start);
      if (character < ' ')
        return fail('Text must not contain a tab or another control character; write \\t.');
      offset += 1;
      if (character === '"') return JSON.parse(text.slice(start, offset));
      if (character !== '\\') continue;
      const sequence = /^(["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(offset, offset + 5))?.[0];
      if (sequence === undefined)
        return fail('This is no escape sequence of JSON; write \\\\ for a backslash.', offset - 1);
      offset += sequence.length;
    }
  }

  /** Reads a number, true, false or null. */
  function readWord(): void {
    const rest = text.slice(offset);
    const word = /^[^\s,:{}[\]"/]+/.exec(rest)?.[0] ?? rest.slice(0, 1);
    const isKnown = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/.test(word);
    if (!isKnown) fail(whyNoValue(word));
    offset += word.length;
  }

  try {
    readValue([], 0);
    skip();
    if (!isEnd()) fail('Nothing may follow the end of the JSON value.');
    return { at, repeated };
  } catch (error) {
    if (error instanceof Unreadable) return error.fault;
    throw error;
  }
}

/** Ends the scan; it never leaves this file. */
class Unreadable extends Error {
  readonly fault: JsonFault;
  constructor(fault: JsonFault) {
    super(fault.what);
    this.fault = fault;
  }
}

const SINGLE_QUOTES = 'JSON takes double quotes ("), not single or typographic ones.';
const isOtherQuote = (character: string): boolean => /^['`‘’“”„«»]/.test(character);

function whyNoKey(rest: string): string {
  if (isOtherQuote(rest)) return SINGLE_QUOTES;
  if (rest.startsWith(',')) return 'There is one comma too many.';
  const word = /^[\w$-]{1,40}/.exec(rest)?.[0];
  return word === undefined
    ? 'A key in double quotes should stand here.'
    : `Keys must be in double quotes: "${word}".`;
}

function whyNoComma(character: string | undefined, close: string): string {
  if (character === (close === '}' ? ']' : '}')) return `This should be ${close}.`;
  return character === '"' || character === '{' || character === '['
    ? 'A comma is missing before this.'
    : `A comma or ${close} should stand here.`;
}

const OTHER_SPELLINGS = new Map([
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
  ['undefined', 'null'],
  ['yes', 'true'],
  ['no', 'false'],
]);

function whyNoValue(word: string): string {
  if (isOtherQuote(word)) return SINGLE_QUOTES;
  if (/^[,:}\]]$/.test(word)) return 'A value is missing here.';
  if (/^[+-]?(NaN|Infinity)$/.test(word)) return `JSON has no ${word}; write a number.`;
  if (/^[+.-]?\d/.test(word)) return `${cut(word)} is not a number in JSON.`;
  const spelling = OTHER_SPELLINGS.get(word);
  if (spelling !== undefined) return `${word} is not a value in JSON; write ${spelling}.`;
  return `Text must be in double quotes: "${cut(word)}".`;
}

const cut = (word: string): string => (word.length <= 40 ? word : `${word.slice(0, 40)}…`);
