/** Keys of a recipe that begin so are comments, as in npm's package.json: JSON itself has none. */
export const COMMENT = '//';

export const isComment = (key: PropertyKey): boolean => String(key).startsWith(COMMENT);

/** The recipe without its comments, in the fields inside it too. @param written a JSON value, not nested too deeply */
export function withoutComments(written: unknown): unknown {
  if (Array.isArray(written)) return written.map(withoutComments);
  if (typeof written !== 'object' || written === null) return written;
  const fields = Object.entries(written).filter(([key]) => !isComment(key));
  return Object.fromEntries(fields.map(([key, value]) => [key, withoutComments(value)]));
}
