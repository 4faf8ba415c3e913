import type { LeftOut } from './manifest.ts';
import { count } from './quantities.ts';

const NAMED = 3; // files

/** Such as `24 files: left behind by an operating system or a tool (cat/.DS_Store, …)`. */
export function leftOutInWords({ rule, files = 0, first = [] }: Partial<LeftOut>): string {
  const more = files > Math.min(NAMED, first.length) ? ', …' : '';
  const names = first.length > 0 ? ` (${first.slice(0, NAMED).join(', ')}${more})` : '';
  return `${count(files)} ${files === 1 ? 'file' : 'files'}: ${rule}${names}`;
}
