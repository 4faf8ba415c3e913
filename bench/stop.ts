/** What ends the bench before it has results, as a sentence for the person at the terminal. */
export class Stop extends Error {
  override name = 'Stop';
}
