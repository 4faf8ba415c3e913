import type { LeftOut } from '#core/manifest.ts';
import { sanitise } from '#core/problem.ts';
import type { LeftOutFile } from './formats/reading.ts';
import { THRESHOLDS } from './thresholds.ts';

/** The files that are no examples, by the rule that left them out; the rule with the most files first. */
export function byRule(files: readonly LeftOutFile[]): LeftOut[] {
  const rules = new Map<string, { files: number; first: string[] }>();
  for (const { file, rule } of files) {
    const known = rules.get(rule) ?? { files: 0, first: [] };
    known.files += 1;
    if (known.first.length < THRESHOLDS.namedLeftOut) known.first.push(sanitise(file.path));
    rules.set(rule, known);
  }
  return [...rules]
    .map(([rule, { files: count, first }]) => ({ rule: sanitise(rule), files: count, first }))
    .sort((a, b) => b.files - a.files || (a.rule < b.rule ? -1 : 1));
}
