import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { DOCKERFILE, isIgnored, PROJECT } from './build-context.ts';
import { makeBase } from './make-base.ts';
import { readDockerfile, type Stage, type Step } from './read-dockerfile.ts';
import { follow, startInRoot } from './run-in-root.ts';

/** What a stage of the build comes to; the last one is the image. */
export interface Image {
  root: string;
  environment: Record<string, string>;
  folder: string;
  entrypoint: string[];
}

type Say = (text: string) => void;

/** Executes our Dockerfile step by step, each stage in a root of its own under `work`. */
export async function buildImage(
  work: string,
  buildArguments: Readonly<Record<string, string>>,
  say: Say,
): Promise<Image[]> {
  const all: Image[] = [];
  const images = new Map<string, Image>();
  for (const [i, stage] of readDockerfile(readFileSync(DOCKERFILE, 'utf8')).entries()) {
    const root = join(work, `stage${i}`);
    const image = await buildStage(stage, root, { work, images, buildArguments, say });
    if (stage.name) images.set(stage.name, image);
    all.push(image);
  }
  return all;
}

interface Build {
  work: string;
  images: ReadonlyMap<string, Image>;
  buildArguments: Readonly<Record<string, string>>;
  say: Say;
}

async function buildStage(stage: Stage, root: string, build: Build): Promise<Image> {
  const base = join(build.work, stage.base.replaceAll(/[^\w.-]/g, '_'));
  build.say(`FROM ${stage.base}\n`);
  makeBase(stage.base, base);
  rmSync(root, { recursive: true, force: true });
  copyAll(base, root);

  const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  const image: Image = { root, environment, folder: '/', entrypoint: [] };
  const given: Record<string, string> = {};
  for (const step of stage.steps) await execute(step, image, given, build);
  return image;
}

/** @param given the build's arguments that are declared so far */
async function execute(step: Step, image: Image, given: Record<string, string>, build: Build) {
  const filled = (text: string) =>
    text.replace(/\$\{?(\w+)\}?/g, (_, name) => image.environment[name] ?? given[name] ?? '');
  build.say(`${JSON.stringify(step)}\n`);
  switch (step.kind) {
    case 'ARG':
      given[step.name] = build.buildArguments[step.name] ?? step.value ?? '';
      return;
    case 'ENV':
      for (const [name, value] of step.variables) image.environment[name] = filled(value);
      return;
    case 'WORKDIR':
      image.folder = posix.resolve(image.folder, filled(step.folder));
      mkdirSync(join(image.root, image.folder), { recursive: true });
      return;
    case 'COPY':
      for (const source of step.sources) copy(source, step, image, build);
      return;
    case 'RUN':
      return runStep(step.script, image, given, build.say);
    case 'ENTRYPOINT':
      image.entrypoint = step.command;
  }
}

function copy(
  source: string,
  { from, sources, target }: Extract<Step, { kind: 'COPY' }>,
  image: Image,
  build: Build,
): void {
  const stage = from === undefined ? undefined : build.images.get(from);
  if (from !== undefined && !stage) throw new Error(`COPY --from=${from}: no such stage`);
  const path = join(stage?.root ?? PROJECT, source);
  const isFolder = statSync(path).isDirectory();
  const place = join(image.root, posix.resolve(image.folder, target));
  const intoFolder = !isFolder && (target.endsWith('/') || sources.length > 1);
  const destination = intoFolder ? join(place, basename(source)) : place;
  mkdirSync(dirname(destination), { recursive: true });
  if (stage) copyAll(path, destination);
  else if (!isFolder && isIgnored(path))
    throw new Error(`COPY ${source}: the build does not see it`);
  else cpSync(path, destination, { recursive: true, filter: (each) => !isIgnored(each) });
}

/** With modes, owners and links as they are. */
const copyAll = (from: string, to: string) => {
  mkdirSync(dirname(to), { recursive: true });
  execFileSync('cp', ['--archive', '--no-target-directory', from, to]);
};

/** How this machine reaches its package registries; a container engine hands on the same, in ways of its own. */
const NETWORK =
  /^(https?_proxy|no_proxy|pip_index_url|pip_cert|npm_config_registry|node_extra_ca_certs|ssl_cert_file)$/i;

async function runStep(script: string, image: Image, given: Record<string, string>, say: Say) {
  const network = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value = '']) =>
      NETWORK.test(name) ? [[name, value]] : [],
    ),
  );
  const lent = ['/etc/resolv.conf', ...Object.values(network)].filter(
    (path) => path.startsWith('/') && existsSync(path) && !existsSync(join(image.root, path)),
  );
  for (const path of lent) cpSync(path, join(image.root, path), { dereference: true });
  const started = Date.now();
  const child = startInRoot(image.root, ['/bin/sh', '-c', script], {
    environment: { HOME: '/root', ...network, ...given, ...image.environment },
    folder: image.folder,
    network: true,
  });
  const { exit } = await follow(child, say);
  for (const path of lent) rmSync(join(image.root, path), { force: true });
  if (exit !== 0) throw new Error(`RUN ended with ${exit}`);
  say(`(${Math.round((Date.now() - started) / 1000)} s)\n`);
}
