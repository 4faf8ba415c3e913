/** Words with which cameras and programs begin names: no classes. */
const NO_CLASS = new Set([
  ...['img', 'image', 'images', 'dsc', 'dscn', 'dscf', 'pxl', 'mvimg', 'wa', 'vid', 'p', 'pic'],
  ...[
    'picture',
    'photo',
    'foto',
    'frame',
    'file',
    'scan',
    'screenshot',
    'bild',
    'untitled',
    'sample',
  ],
]);
const NUMBERED = /^(\p{L}[\p{L}\s'-]*(?:_\p{L}[\p{L}\s'-]*)*?)[\s._-]*\(?\d+\)?$/u; // cat.0, dog_12, "red fox (3)"
const DOTTED = /^([^.]+)\..+$/; // cat.a81bc81b, as Edge Impulse writes it

/**
 * The classes in the names of files, such as `cat.0.jpg` and `dog.0.jpg`; `undefined` unless every file has one and the
 * classes repeat.
 *
 * @param names of files, without folders
 */
export function labelsInNames(names: readonly string[]): string[] | undefined {
  for (const pattern of [NUMBERED, DOTTED]) {
    const labels = names.map((name) => pattern.exec(name.replace(/\.[^.]*$/, ''))?.[1]?.trim());
    const counts = new Map<string, number>();
    for (const label of labels) {
      if (label === undefined || label === '') break;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
    const isClear =
      total === names.length &&
      counts.size >= 2 &&
      [...counts].every(([label, files]) => files >= 2 && !NO_CLASS.has(label.toLowerCase()));
    if (isClear) return labels.map((label) => label ?? '');
  }
  return undefined;
}
