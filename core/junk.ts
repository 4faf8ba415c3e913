/**
 * Files and folders that operating systems, file servers, version control and notebooks leave behind. An exact list:
 * a class may be called `.hidden` or `__x`, and `license-plate-01.jpg` is an image.
 */
const JUNK = new Set([
  ...[
    '.ds_store',
    '__macosx',
    '.appledouble',
    '.lsoverride',
    '.spotlight-v100',
    '.trashes',
    '.fseventsd',
  ],
  ...['.temporaryitems', '.documentrevisions-v100', '.apdisk', '.localized', 'icon\r'],
  ...[
    'thumbs.db',
    'ehthumbs.db',
    'ehthumbs_vista.db',
    'desktop.ini',
    '$recycle.bin',
    'system volume information',
  ],
  ...[
    '.directory',
    '.trash',
    '.trash-0',
    '.trash-1000',
    '.thumbnails',
    'lost+found',
    '.nomedia',
    '.picasa.ini',
    'picasa.ini',
  ],
  ...['@eadir', '#recycle', '@recycle', '@recently-snapshot', '.@__thumb', '#snapshot'], // Synology and QNAP
  ...[
    '.git',
    '.gitignore',
    '.gitattributes',
    '.gitmodules',
    '.gitkeep',
    '.keep',
    '.svn',
    '.hg',
    '.dvc',
    '.dvcignore',
  ],
  ...[
    '.ipynb_checkpoints',
    '__pycache__',
    '.idea',
    '.vscode',
    '.pytest_cache',
    '.cache',
    '.synologyworkingdirectory',
  ],
]);

const TEXT_OF_A_PROJECT =
  /^(readme|licen[cs]e|changelog|contributing|citation|authors|notice|copying)([._-][^/]*)?(\.(txt|md|markdown|rst|html?|pdf|docx?|rtf))?$/i;
/** What belongs to an image or is data, whatever its name begins with. */
const DATA =
  /\.(xmp|json|jsonl|csv|tsv|xml|aae|thm|jpe?g|jfif|png|gif|webp|bmp|tiff?|avif|hei[cf]|svg|psd|dng|cr2|nef|arw)$/i;

/** Whether a name of a file or folder is one that a machine left behind. */
export const isJunkName = (name: string): boolean =>
  JUNK.has(name.toLowerCase()) || name.startsWith('._'); // AppleDouble

/** Why a path is no part of a dataset, whatever its format; `undefined` if it may be one. */
export function junkRule(path: string): string | undefined {
  const parts = path.split('/');
  if (parts.some(isJunkName)) return 'left behind by an operating system or a tool';
  const name = parts.at(-1) ?? '';
  return TEXT_OF_A_PROJECT.test(name) && !DATA.test(name)
    ? 'about the dataset, such as a README'
    : undefined;
}
