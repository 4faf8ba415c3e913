import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cacheFolder, makeAtOnce } from '#engine/tensorflow/cache-folder.ts';
import { lastLines, run } from '#engine/tensorflow/run-command.ts';
import { SetupFailure } from '#engine/tensorflow/setup-failure.ts';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const SERVE = fileURLToPath(new URL('serve_moto.py', import.meta.url));

/** moto as a server on a free port of 127.0.0.1; it keeps everything in memory, and ends with this process at the latest. */
export async function startMoto() {
  const python = await findPython();
  const packages = await installedMoto(python);
  const child = spawn(python.command, ['-S', '-u', SERVE], {
    // Nothing of this process's environment: a real account's credentials have no business here.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONPATH: packages },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');

  let said = '';
  const endpoint = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said = `${said}${line}\n`.slice(-10_000);
      const found = /Running on (http:\S+)/.exec(line)?.[1];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error(`moto did not start:\n${lastLines(said, 8)}`)), reject);
  });
  return {
    endpoint,
    /** what it has written lately: a line a request, and where it failed */
    log: () => said,
    async end(): Promise<void> {
      child.stdin.end();
      await ended;
    },
  };
}

interface Python {
  command: string;
  /** its version and platform, on which the wheels depend */
  tag: string;
}

const PYTHONS = ['python3', 'python', ...[14, 13, 12, 11, 10].map((minor) => `python3.${minor}`)];

const CHECK_SCRIPT = `
import sys, sysconfig, pip
assert sys.version_info >= (3, 10)
print(sys.implementation.cache_tag + "-" + sysconfig.get_platform())
`;

async function findPython(): Promise<Python> {
  for (const command of PYTHONS) {
    const { ok, output } = await run(command, ['-c', CHECK_SCRIPT]);
    if (ok) return { command, tag: output.trim() };
  }
  throw new SetupFailure(
    'The tests on moto need Python 3.10 or newer with pip, and none was found on the PATH; install it (Debian, Ubuntu: apt-get install python3-pip; Fedora: dnf install python3-pip; macOS: brew install python3) and run them again.',
  );
}

/** The folder with moto and all that it needs, as pinned in requirements.txt; installed when first asked for. */
async function installedMoto({ command, tag }: Python): Promise<string> {
  const pins = createHash('sha256').update(await readFile(REQUIREMENTS));
  const name = `moto-${tag}-${pins.digest('hex').slice(0, 12)}`;
  const folder = join(cacheFolder(), 'moto', name);
  if (await hasMoto(folder)) return folder;

  process.stderr.write('installing moto with pip\n');
  await makeAtOnce(folder, hasMoto, async (unfinished) => {
    const pip = await run(command, ['-m', 'pip', ...INSTALL, '--target', unfinished]);
    if (pip.ok) return;
    throw new SetupFailure(
      `pip could not install moto; check the network (or PIP_INDEX_URL and the proxy settings) and run it again. It said:\n${lastLines(pip.output, 8)}`,
    );
  });
  return folder;
}

const INSTALL = [
  'install',
  '--require-hashes',
  '--only-binary=:all:', // never a source package: building one would run its code
  '--no-deps', // all of them are in the list
  '--no-compile', // most of botocore is never loaded
  '--disable-pip-version-check',
  '--no-input',
  '--quiet',
  '--requirement',
  REQUIREMENTS,
];

const hasMoto = (folder: string): Promise<boolean> =>
  stat(join(folder, 'moto', 'server.py')).then(
    () => true,
    () => false,
  );
