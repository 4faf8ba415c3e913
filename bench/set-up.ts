import { createHash } from 'node:crypto';
import { access, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, makeAtOnce } from '#engine/tensorflow/cache-folder.ts';
import { lastLines, run } from '#engine/tensorflow/run-command.ts';
import { BenchError } from './bench-error.ts';

export interface Places {
  packages: string; // of npm, in whose node_modules onnxruntime-node is
  python: string[]; // folders of Python's packages
}

const own = (name: string) => fileURLToPath(new URL(`packages/${name}`, import.meta.url));

/**
 * Installs what only the bench needs, in the pinned versions, into the cache; once for this machine.
 *
 * @param torch whether that too, which is large
 * @throws BenchError with what to do next
 */
export async function setUp(torch: boolean, say: (line: string) => void): Promise<Places> {
  const python = await run('python3', ['--version']);
  if (!/^Python 3\.1[123]\./.test(python.output)) {
    const found = python.missing ? 'none' : python.output.trim();
    throw new BenchError(`The bench needs Python 3.11 to 3.13 as python3, and there is ${found}.`);
  }
  const lock = ['package.json', 'package-lock.json'];
  const packages = await installed('npm', lock, process.version, say, async (folder) => {
    for (const file of lock) await copyFile(own(file), join(folder, file));
    // Without its install script, which would fetch CUDA; what a CPU needs is in the package.
    return run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder]);
  });
  const requirements = ['requirements.txt', ...(torch ? ['requirements-torch.txt'] : [])];
  const folders: string[] = [];
  for (const file of requirements) {
    const install = (folder: string) =>
      run('python3', [
        ...['-m', 'pip', 'install', '--no-cache-dir', '--disable-pip-version-check', '--no-input'],
        ...['--only-binary=:all:', `--target=${folder}`, `--requirement=${own(file)}`],
      ]);
    folders.push(await installed('python', [file], python.output, say, install));
  }
  return { packages, python: folders };
}

const STAMP = 'complete'; // written last

async function installed(
  kind: string,
  pins: readonly string[],
  runtime: string,
  say: (line: string) => void,
  install: (folder: string) => ReturnType<typeof run>,
): Promise<string> {
  const hash = createHash('sha256').update(`${runtime.trim()} ${process.platform} ${process.arch}`);
  for (const file of pins) hash.update(await readFile(own(file)));
  const folder = join(cacheFolder(), 'bench', `${kind}-${hash.digest('hex').slice(0, 16)}`);
  const isComplete = (candidate: string) =>
    access(join(candidate, STAMP)).then(
      () => true,
      () => false,
    );
  if (await isComplete(folder)) return folder;

  say(`installing ${pins.at(-1)} into ${folder}, once`);
  await makeAtOnce(folder, isComplete, async (unfinished) => {
    const outcome = await install(unfinished);
    if (!outcome.ok) {
      throw new BenchError(
        `${pins.at(-1)} could not be installed:\n${lastLines(outcome.output, 8)}`,
      );
    }
    await writeFile(join(unfinished, STAMP), '');
  });
  return folder;
}
