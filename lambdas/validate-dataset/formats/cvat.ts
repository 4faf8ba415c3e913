import type { JsonList } from './json-list.ts';

/**
 * The list in an export of CVAT, "CVAT for images": `<image name="…"><tag label="…"/></image>`. Read in one pass, without
 * a tree: such a file may have a hundred thousand images.
 */
export function readCvat(text: string): JsonList {
  if (!/<annotations[\s>]/.test(text.slice(0, 1000))) return undefined;
  const images: { name: string; subset: string; tags: Set<string> }[] = [];
  let shapes: 'detection' | 'segmentation' | undefined;
  for (const [, element = '', attributes = ''] of text.matchAll(ELEMENT)) {
    const { name = '', label = '', subset = '' } = attributesIn(attributes);
    if (element === 'image') images.push({ name, subset, tags: new Set() });
    else if (element === 'tag') images.at(-1)?.tags.add(label);
    else if (element === 'box' || element === 'track') shapes = 'detection';
    else shapes ??= 'segmentation';
  }
  const tagged = images.filter(({ tags }) => tags.size > 0).length;
  if (shapes && tagged * 2 < images.length + 1) return { task: shapes };
  if (images.length === 0) return undefined;
  const rows = images.map(({ name, subset, tags }) => [name, [...tags].join('|'), subset]);
  const kind = `an export of CVAT${shapes ? ' (tags are the classes; shapes are ignored)' : ''}`;
  return { kind, format: 'cvat', rows: [['image', 'label', 'split'], ...rows] };
}

// An attribute has no "<" in it, so that the search never goes back.
const ELEMENT =
  /<(image|tag|box|track|polygon|polyline|points|mask|ellipse|cuboid|skeleton)\s([^<>]*)>/g;

function attributesIn(text: string): Record<string, string> {
  const found = text.matchAll(/([\w-]+)="([^"]*)"/g);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [name, unescaped(value)]),
  );
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescaped = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
