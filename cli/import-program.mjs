// Plain JavaScript, so that it starts without a loader.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The programs of this repository that are started often; each is also a file of the bundle. */
const PROGRAMS = { 'cli/main.ts': 'command.js', 'local/main.ts': 'pipeline.js' };

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
// Below node_modules, so that the packages outside the bundle are found from it, and `npm ci` removes it.
const CACHE = join(ROOT, 'node_modules', '.cache', 'understudy');
const KEPT = 10; // bundles of earlier sources: a pipeline that is still running may load a part of its own later

/**
 * Imports a program: from a bundle, which takes a fifth of the processor time that compiling each module takes, or by
 * tsx where no bundle can be kept. The bundle is made at the first start and after every change of the sources.
 *
 * @param {keyof typeof PROGRAMS} program
 */
export async function importProgram(program, cache = CACHE) {
  const folder = await bundleIn(cache).catch(() => undefined);
  if (folder !== undefined) {
    module.enableCompileCache?.(join(folder, 'compiled')); // Node 22.8 and later
    return import(pathToFileURL(join(folder, PROGRAMS[program])).href);
  }
  await import('tsx');
  return import(pathToFileURL(join(ROOT, program)).href);
}

/** @returns the folder of the bundle of the sources as they are now */
async function bundleIn(cache) {
  const folder = join(cache, digestOfSources());
  if (existsSync(folder)) return folder;
  const isQuiet = process.argv.includes('--quiet') || process.argv.includes('-q');
  if (process.stderr.isTTY && !isQuiet)
    process.stderr.write('Preparing understudy for its first start …\n');
  mkdirSync(cache, { recursive: true });
  const draft = `${folder}.${process.pid}.draft`;
  try {
    const { bundle } = await import('./bundle.mjs');
    await bundle(ROOT, PROGRAMS, draft);
    forgetOldest(cache);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // otherwise another process was faster
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

const FOLDERS = [
  'cli',
  'core',
  'engine',
  'examples',
  'infra',
  'lambdas',
  'local',
  'teachers',
  'training-image',
];

function digestOfSources() {
  const hash = createHash('sha256').update(ROOT); // the bundle contains paths
  const add = (path) => {
    for (const entry of readdirSync(join(ROOT, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory()) add(below);
      else if (/\.(ts|mjs|json)$/.test(entry.name)) addFile(below);
    }
  };
  const addFile = (path) => hash.update(`\0${path}\0`).update(readFileSync(join(ROOT, path)));
  for (const file of ['package.json', 'package-lock.json']) addFile(file);
  for (const folder of FOLDERS) add(folder);
  return hash.digest('hex').slice(0, 20);
}

function forgetOldest(cache) {
  const bundles = readdirSync(cache)
    .filter((name) => /^[0-9a-f]{20}/.test(name)) // abandoned drafts too
    .map((name) => ({ name, at: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { name } of bundles.slice(KEPT))
    rmSync(join(cache, name), { recursive: true, force: true });
}
