import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { quietenerIn } from './compile-addon.ts';

const require = createRequire(import.meta.url);

/** What has to be so before an addon of tfjs-node is loaded: TensorFlow reads its environment once, while it loads. */
export function prepareForTensorflow(addon: string): void {
  // On by default only on some processors; without it inference is 4 to 5 times slower (measured, AVX-512 host).
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // errors only; not the hints about instruction sets

  const quietener = quietenerIn(dirname(realpathSync(addon)));
  if (existsSync(quietener)) require(quietener); // stock tfjs-node has none

  // tfjs-node 4.22.0 calls it in most kernels; Node 22 warns of it at each start, and Node 23 removed it.
  // The CommonJS object is the one that tfjs-node sees.
  const util = require('node:util') as { isNullOrUndefined: (value: unknown) => boolean };
  util.isNullOrUndefined = (value) => value === null || value === undefined;
}
