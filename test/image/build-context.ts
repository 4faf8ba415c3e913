import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IgnoreStrategy } from 'aws-cdk-lib';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const DOCKERFILE = join(PROJECT, 'training-image', 'Dockerfile');

const patterns = readFileSync(`${DOCKERFILE}.dockerignore`, 'utf8').split('\n');
const ignore = IgnoreStrategy.docker(
  PROJECT,
  patterns.filter((line) => !/^\s*(#|$)/.test(line)),
);

/** Whether the file beside the Dockerfile keeps a path of the project out of the build, as Docker reads it. */
export const isIgnored = (path: string): boolean =>
  relative(PROJECT, path) !== '' && ignore.ignores(path);
