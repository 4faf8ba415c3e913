import { readFileSync, writeFileSync } from 'node:fs';
import { PACKAGES } from './packages.ts';

// A step of the Dockerfile, run by plain Node before anything is installed: reduces package.json to the dependencies of
// the trainer, so that `npm ci` installs only those, in the versions of the lock file.
const file = 'package.json';
const own = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
const dependencies = Object.fromEntries(
  PACKAGES.map((name) => [name, own.dependencies[name] ?? missing(name)]),
);
writeFileSync(file, JSON.stringify({ ...own, dependencies, devDependencies: {} }, null, 2));

function missing(name: string): never {
  throw new Error(`package.json has no dependency "${name}" for the training image`);
}
