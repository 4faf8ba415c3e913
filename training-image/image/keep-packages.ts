import { readFileSync, writeFileSync } from 'node:fs';
import { PACKAGES } from './packages.ts';

// A step of the Dockerfile, before anything is installed, hence run by plain Node: package.json is left with what the
// trainer needs. `npm ci` then installs that alone, in the versions of the lock file.
const file = 'package.json';
const own = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
const dependencies = Object.fromEntries(
  PACKAGES.map((name) => [name, own.dependencies[name] ?? missing(name)]),
);
writeFileSync(file, JSON.stringify({ ...own, dependencies, devDependencies: {} }, null, 2));

function missing(name: string): never {
  throw new Error(`package.json has no dependency "${name}" for the training image`);
}
