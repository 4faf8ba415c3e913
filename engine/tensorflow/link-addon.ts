import { lstat, mkdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { addonIn, librariesIn } from './compile-addon.ts';
import { fileFailure } from './setup-failure.ts';

/** Whether tfjs-node's folder is linked to this folder of the cache. */
export async function isLinked(cached: string, tfjsNode: string): Promise<boolean> {
  const same = async (here: string, there: string) => {
    const [link, target] = await Promise.all([realpath(here), realpath(there)]);
    return link === target;
  };
  try {
    const addon = await same(addonIn(tfjsNode), addonIn(cached));
    return addon && (await same(librariesIn(tfjsNode), librariesIn(cached)));
  } catch {
    return false;
  }
}

/** Links tfjs-node's folder to the addon and the libraries in the cache. `npm ci` removes only the links. */
export async function linkAddon(cached: string, tfjsNode: string): Promise<void> {
  try {
    await replaceByLink(librariesIn(cached), librariesIn(tfjsNode));
    await replaceByLink(addonIn(cached), addonIn(tfjsNode));
  } catch (error) {
    throw fileFailure(error, "Linking TensorFlow into tfjs-node's folder");
  }
}

async function replaceByLink(target: string, link: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const found = await lstat(link).catch(() => undefined);
  if (found?.isDirectory()) await rm(link, { recursive: true }); // from a stock installation

  const unfinished = `${link}.${process.pid}`;
  await rm(unfinished, { force: true });
  await symlink(target, unfinished);
  await rename(unfinished, link); // replaces the old link atomically
}
