/** Ends the benchmark without results; the message is for the user. */
export class Stop extends Error {
  override name = 'Stop';
}
