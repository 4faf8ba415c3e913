import { createRequire } from 'node:module';

// Imported for its effects, before tfjs-node: TensorFlow reads its environment once, when its library is loaded.

// On by default only on some processors; without it inference is 4 to 5 times slower (measured, AVX-512 host).
process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // errors only; not the hints about instruction sets

// tfjs-node 4.22.0 calls it in most kernels; Node 22 warns of it at each start, and Node 23 removed it.
// The CommonJS object is the one that tfjs-node sees.
const util = createRequire(import.meta.url)('node:util') as {
  isNullOrUndefined: (value: unknown) => boolean;
};
util.isNullOrUndefined = (value) => value === null || value === undefined;
