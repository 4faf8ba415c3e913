/** Ends the bench before it has results, with a message for the user. */
export class BenchError extends Error {
  override name = 'BenchError';
}
