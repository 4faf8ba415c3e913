/** Ends the benchmark without results; the message is for the user. */
export class BenchError extends Error {
  override name = 'BenchError';
}
