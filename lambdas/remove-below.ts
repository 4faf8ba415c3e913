import type { Objects } from '#ports';

/** Deletes every object whose key begins with the prefix, as it is listed now. */
export async function removeBelow(
  objects: Pick<Objects, 'list' | 'remove'>,
  prefix: string,
): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  await objects.remove(keys);
}
