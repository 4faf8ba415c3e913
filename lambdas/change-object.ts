import type { Objects } from '#ports';

const MAX_TRIES = 10;

/**
 * Reads an object, changes its text and writes it, again from the start if somebody else has written it meanwhile.
 *
 * @param change is given the present text, `undefined` if there is none; returns `undefined` to leave it as it is
 * @throws Error if others were faster in every try
 */
export async function changeObject(
  objects: Objects,
  key: string,
  change: (text: string | undefined) => string | undefined | Promise<string | undefined>,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const present = await objects.readTextAndEtag(key);
    const changed = await change(present?.text);
    if (changed === undefined || changed === present?.text) return;
    if (await objects.writeIf(key, changed, present?.etag)) return;
  }
  throw new Error(`${key} was changed by others in each of ${MAX_TRIES} tries`);
}
