/** How Node, V8 and TensorFlow say it. */
const MEMORY =
  /out of memory|OOM|ResourceExhausted|ERR_WORKER_OUT_OF_MEMORY|Array buffer allocation failed/i;

export const isOutOfMemory = (what: string): boolean => MEMORY.test(what);
