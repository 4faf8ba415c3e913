import type { ObjectFacts } from '#core/identity.ts';
import { sealKeys } from '#core/keys.ts';
import type { Objects } from '#ports';
import { type DatasetFiles, HEAD_BYTES } from './dataset-files.ts';

/** The data files of a sealed folder. */
export function listFolder(
  objects: Objects,
  prefix: string,
  data: readonly ObjectFacts[],
): DatasetFiles {
  const files = data.map(({ key, size, etag }) => ({
    path: key.slice(prefix.length),
    size,
    // Whether an ETag is an MD5 depends on the bucket's encryption, which a listing does not mention.
    record: { object: { key, size, etag, etagIsMd5: false } },
    head: (bytes = HEAD_BYTES) =>
      size === 0 ? Promise.resolve(new Uint8Array()) : objects.readRange(key, 0, bytes, etag),
    tail: (bytes: number) => objects.readRange(key, Math.max(0, size - bytes), size, etag),
  }));
  return { files, problems: [] };
}

/** The data of a folder: not the recipe, a seal, or the empty objects by which consoles mark folders. */
export function dataOf(
  objects: readonly ObjectFacts[],
  prefix: string,
  recipeKey: string,
): ObjectFacts[] {
  const others = new Set([recipeKey, ...sealKeys(prefix)]);
  return objects.filter(({ key }) => !others.has(key) && !key.endsWith('/'));
}
