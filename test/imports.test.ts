import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;

/** What each folder may import of the others, besides itself: the order of design, bottom up. */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  engine: ['core'],
  teachers: ['core', 'engine'],
  lambdas: ['core', 'teachers'],
  'training-image': ['core', 'engine', 'teachers'],
  local: ['core', 'engine', 'lambdas', 'teachers'],
  infra: ['core', 'lambdas', 'teachers'],
  examples: ['core', 'lambdas', 'teachers'],
  cli: ['core', 'engine', 'examples', 'infra', 'lambdas', 'local', 'teachers', 'training-image'],
  bench: ['core', 'engine', 'examples', 'teachers', 'training-image'],
};

/** The packages that core may import: it runs everywhere, and knows no service. */
const CORE_PACKAGES = /^(zod|node:crypto|node:util|node:buffer|node:zlib)$/;

function sourcesBelow(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .map((file) => join(folder, file));
  } catch {
    return []; // the folder does not exist
  }
}

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(
      /(?:from|import|import\()\s*['"]([^'"]+)['"]/g,
    ),
  ]
    .map(([, specifier = '']) => specifier)
    .filter((specifier) => specifier !== '');

/** A path from the root for what is ours; `undefined` for packages. */
function ours(file: string, specifier: string): string | undefined {
  if (specifier === '#ports') return 'lambdas/ports.ts';
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? join(file, '..', specifier) : undefined;
}

describe('the rule of imports', () => {
  const folders = Object.keys(MAY_IMPORT);
  it.each(folders)('holds in %s', (folder) => {
    const breaches = sourcesBelow(folder).flatMap((file) =>
      importsOf(file)
        .map((specifier) => ours(file, specifier))
        .filter((target) => target !== undefined)
        .filter((target) => !target.startsWith(`${folder}/`))
        .filter((target) => target !== 'package.json')
        .filter((target) => !MAY_IMPORT[folder]?.some((allowed) => target.startsWith(allowed)))
        .map((target) => `${file} imports ${target}`),
    );

    expect(breaches).toEqual([]);
  });

  it('lets core use nothing but zod, and what Node has for hashes, checksums and text', () => {
    const packages = sourcesBelow('core')
      .flatMap((file) => importsOf(file).filter((specifier) => ours(file, specifier) === undefined))
      .filter((specifier) => !CORE_PACKAGES.test(specifier));

    expect(packages).toEqual([]);
  });
});
