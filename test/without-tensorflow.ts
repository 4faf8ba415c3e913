import { vi } from 'vitest';

// The unit tests pass on a machine without TensorFlow: what loads it there fails on every machine.
vi.mock('../engine/tensorflow/load.ts', () => {
  throw new Error('A unit test must not load TensorFlow; see vitest.config.ts.');
});
