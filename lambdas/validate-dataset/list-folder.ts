import type { ObjectFacts } from '#core/identity.ts';
import { SEAL_FILE } from '#core/keys.ts';
import type { Objects } from '#ports';
import { type DatasetFiles, HEAD_BYTES } from './dataset-files.ts';

/** The objects of a sealed folder as files. The seal and the recipe are no part of the data. */
export function listFolder(
  objects: Objects,
  prefix: string,
  recipeKey: string,
  listed: readonly ObjectFacts[],
): DatasetFiles {
  const data = listed.filter(({ key }) => isData(key, prefix, recipeKey));
  const files = data.map(({ key, size, etag }) => ({
    path: key.slice(prefix.length),
    size,
    // Whether the ETag is an MD5 depends on how the bucket encrypts; a listing does not say, so nothing is claimed.
    record: { object: { key, size, etag, etagIsMd5: false } },
    head: () =>
      size === 0 ? Promise.resolve(new Uint8Array()) : objects.readRange(key, 0, HEAD_BYTES, etag),
  }));
  return { files, problems: [] };
}

/** Consoles make a "folder" by an empty object whose key ends in a slash. */
export const isData = (key: string, prefix: string, recipeKey: string): boolean =>
  key !== recipeKey && key !== `${prefix}${SEAL_FILE}` && !key.endsWith('/');
