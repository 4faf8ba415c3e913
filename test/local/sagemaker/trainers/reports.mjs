// Completes at once; its model tells what a container finds: files, configuration, environment.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = process.env.ML_FOLDER;
const paths = readdirSync(root, { recursive: true }).map((name) => join(root, name));
const files = paths.filter((path) => statSync(path).isFile());
const contents = files.map((path) => [relative(root, path), readFileSync(path, 'utf8')]);
const folders = paths
  .filter((path) => statSync(path).isDirectory())
  .map((path) => relative(root, path));
const report = {
  files: Object.fromEntries(contents),
  folders: folders.sort(),
  environment: process.env,
};
writeFileSync(join(root, 'model', 'report.json'), JSON.stringify(report));
writeFileSync(join(root, 'output', 'data', 'extra.txt'), 'extra');
