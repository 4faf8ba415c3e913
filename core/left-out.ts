import * as z from 'zod';

/** Files of an upload that are no examples, by the rule that left them out. */
export const LeftOut = z.object({
  rule: z.string(), // as users read it, such as "system files"
  files: z.int().positive(),
  first: z.array(z.string()), // paths
});
export type LeftOut = z.output<typeof LeftOut>;

const NAMED = 3; // files per rule

/** Folders that systems and programs make; nobody means them as data. */
const SYSTEM_FOLDERS = new Set([
  '__macosx',
  '@eadir', // Synology's thumbnails
  '#recycle',
  '$recycle.bin',
  '.appledouble',
  '.fseventsd',
  '.git',
  '.hg',
  '.idea',
  '.ipynb_checkpoints',
  '.picasaoriginals',
  '.spotlight-v100',
  '.svn',
  '.temporaryitems',
  '.thumbnails',
  '.trashes',
  '.vscode',
  '__pycache__',
  'lost+found',
  'system volume information',
]);
const SYSTEM_FILES = new Set([
  '.directory',
  '.ds_store',
  '.gitattributes',
  '.gitignore',
  '.gitkeep',
  '.keep',
  '.nomedia',
  '.picasa.ini',
  'desktop.ini',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  'icon\r',
  'picasa.ini',
  'thumbs.db',
  'zbthumbnail.info',
]);
/** Whole names, so that an image may be called readme.jpg or license-plate.png. */
const DOCUMENT =
  /^(readme|licen[cs]e|copying|notice|changelog|citation|authors|contributing)([._-][\w.-]*)?$/i;
const IMAGE = /\.(jpe?g|jfif|png|gif|webp|bmp|tiff?|avif|hei[cf]|jp2|jxl|svg|dcm|ppm|pgm|pbm)$/i;

export const SYSTEM_RULE = 'system files';
export const HIDDEN_RULE = 'hidden files';
export const DOCUMENT_RULE = 'documents';

/** The rule by which a file is never part of a dataset; `undefined` for a file that may be one. */
export function ruleAgainst(path: string): string | undefined {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const folders = parts.slice(0, -1);
  const isSystem =
    SYSTEM_FILES.has(name.toLowerCase()) ||
    name.startsWith('._') || // AppleDouble: what macOS keeps of a file on other file systems
    folders.some((folder) => SYSTEM_FOLDERS.has(folder.toLowerCase()));
  if (isSystem) return SYSTEM_RULE;
  if (parts.some((part) => part.startsWith('.') && part !== '.')) return HIDDEN_RULE;
  if (DOCUMENT.test(name) && !IMAGE.test(name)) return DOCUMENT_RULE;
  return undefined;
}

/** Whether a name claims to be an image of any format. */
export const claimsImage = (path: string): boolean => IMAGE.test(path);

/** Counts files by their rules, in the order in which the rules come up. */
export function leftOutBy(found: Iterable<{ path: string; rule: string }>): LeftOut[] {
  const byRule = new Map<string, LeftOut>();
  for (const { path, rule } of found) {
    const entry = byRule.get(rule) ?? { rule, files: 0, first: [] };
    entry.files += 1;
    if (entry.first.length < NAMED) entry.first.push(path);
    byRule.set(rule, entry);
  }
  return [...byRule.values()];
}
