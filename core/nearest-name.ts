/** A recipe comes from a stranger: a longer name is not a mistyped one, and would only cost time. */
const MAX_LENGTH = 100;

/**
 * The known name that a mistyped one most resembles.
 *
 * @returns `undefined` if none is near: more than a third of its characters would have to change
 */
export function nearestName(wanted: string, known: readonly string[]): string | undefined {
  if (wanted.length > MAX_LENGTH) return undefined;
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => 3 * distance <= name.length)
    .sort((a, b) => a.distance - b.distance);
  return nearest?.name;
}

/** The Levenshtein distance: insertions, deletions and substitutions of one character each. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j); // from the first i characters of a to the first j of b
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
