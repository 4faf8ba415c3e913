/** What a function that may fail returns: its value, or everything that is wrong. */
export type Result<Value, Failure> =
  | { ok: true; value: Value }
  | { ok: false; problems: Failure[] };
