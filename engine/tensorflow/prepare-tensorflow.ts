import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { logFilterIn } from './compile-addon.ts';

const require = createRequire(import.meta.url);

/** Prepares the process for tfjs-node's addon. To be called before it is loaded: TensorFlow reads its environment once. */
export function prepareForTensorflow(addon: string): void {
  // On by default on some processors only; without it inference is 4 to 5 times slower (measured on AVX-512).
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // errors only, without the hints about instruction sets

  const logFilter = logFilterIn(dirname(realpathSync(addon)));
  if (existsSync(logFilter)) require(logFilter); // stock tfjs-node has none

  // tfjs-node 4.22.0 calls these in most kernels. Node 22 warns about them at each start, and Node 23 removed the first.
  // tfjs-node sees the CommonJS object, so that is the one to patch.
  const util = require('node:util') as {
    isNullOrUndefined: (value: unknown) => boolean;
    isArray: (value: unknown) => boolean;
  };
  util.isNullOrUndefined = (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
}
