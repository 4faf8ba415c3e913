import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';
import { ClassicLevel } from 'classic-level';

type Method = (...values: unknown[]) => unknown;
type Methods = Record<string, Method>;

/**
 * Makes the writes below a folder fail as on a full disk, from the n-th on, until there is room again: those of
 * node:fs/promises, of streams, and of LevelDB. Reading and deleting always work.
 */
export function faultyDisk(folder: string) {
  const below = resolve(folder) + sep;
  const undo: (() => void)[] = [];
  let left = Infinity; // writes that still succeed
  let counted = 0;
  let failed = 0;

  function replace(object: object, name: string, make: (original: Method) => Method) {
    const methods = object as Methods;
    const original = methods[name];
    if (!original) throw new Error(`there is no ${name}`);
    methods[name] = make(original);
    undo.push(() => {
      methods[name] = original;
    });
  }

  /** Counts a write. @returns the error with which it fails */
  function fault(): Error | undefined {
    counted += 1;
    if (left-- > 0) return undefined;
    failed += 1;
    const error = new Error('ENOSPC: no space left on device, write');
    return Object.assign(error, { code: 'ENOSPC', syscall: 'write' });
  }

  const isBelow = (path: unknown) => typeof path === 'string' && resolve(path).startsWith(below);
  const checked =
    (pathAt: number) =>
    (original: Method): Method =>
    async (...values) => {
      const error = isBelow(values[pathAt]) ? fault() : undefined;
      if (error) throw error;
      return original.apply(fs.promises, values);
    };

  for (const name of ['mkdir', 'writeFile']) replace(fs.promises, name, checked(0));
  for (const name of ['rename', 'link', 'copyFile']) replace(fs.promises, name, checked(1));
  replace(fs.promises, 'open', (open) => async (...values) => {
    const [path, flags = 'r'] = values;
    if (!isBelow(path) || flags === 'r') return open.apply(fs.promises, values);
    const atOnce = fault();
    if (atOnce) throw atOnce;
    const handle = (await open.apply(fs.promises, values)) as Methods;
    const write = handle.write?.bind(handle);
    handle.write = async (chunk, offset = 0, length = (chunk as Uint8Array).length, ...rest) => {
      const error = fault();
      if (!error) return write?.(chunk, offset, length, ...rest);
      // A disk that becomes full takes a part of what it is given.
      const part = Math.floor((length as number) / 2);
      if (part > 0) await write?.(chunk, offset, part, ...rest);
      throw error;
    };
    return handle;
  });
  replace(fs, 'createWriteStream', (create) => (path, options) => {
    const write = (...values: unknown[]) => {
      const error = fault();
      const done = values.at(-1) as Method;
      if (error) done(error);
      else (fs.write as unknown as Method)(...values);
    };
    const own = isBelow(path) ? { fs: { ...fs, write } } : {};
    return create(path, { ...Object(options), ...own });
  });
  for (const name of ['_put', '_del', '_batch', '_open']) {
    replace(
      ClassicLevel.prototype,
      name,
      (original) =>
        async function (this: unknown, ...values) {
          const cause = fault();
          if (!cause) return original.apply(this, values);
          const error = new Error('IO error: 000005.log: No space left on device', { cause });
          throw Object.assign(error, { code: 'LEVEL_IO_ERROR' });
        },
    );
  }
  syncBuiltinESMExports();

  return {
    /** The n-th write from now on fails, and all after it. */
    failFrom(n: number) {
      left = n - 1;
      failed = 0;
      counted = 0;
    },
    makeRoom() {
      left = Infinity;
    },
    /** The writes that were tried, and those that failed, since `failFrom`. */
    counts: () => ({ counted, failed }),
    restore() {
      for (const each of undo) each();
      syncBuiltinESMExports();
    },
  };
}
