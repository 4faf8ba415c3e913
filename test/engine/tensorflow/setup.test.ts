import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, makeAtOnce } from '#engine/tensorflow/cache-folder.ts';
import { checkAddon } from '#engine/tensorflow/check-addon.ts';
import {
  addonIn,
  compileAddon,
  librariesIn,
  tfjsNodeFolder,
} from '#engine/tensorflow/compile-addon.ts';
import {
  ensureTensorflow,
  isTensorflowReady,
  ownSetting,
} from '#engine/tensorflow/ensure-tensorflow.ts';
import { fetchWheel, type Wheel } from '#engine/tensorflow/fetch-wheel.ts';
import { deviceOf, type Machine, routeFor } from '#engine/tensorflow/platform.ts';

const silent = () => {};
const setUp = new URL('../../../engine/tensorflow/setup.ts', import.meta.url).pathname;
const tsx = createRequire(import.meta.url).resolve('tsx');

let folder: string;
const environment = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-setup-'));
});

afterEach(() => {
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

/** Makes a script of that name the only program on the PATH. */
function onlyProgram(name: string, script: string): void {
  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, name), 0o755);
  process.env.PATH = programs;
}

const wheel: Wheel = { package: 'tensorflow-cpu', version: '2.21.0', sha256: '0'.repeat(64) };

describe('the command npm run setup', () => {
  const command = (...options: string[]) =>
    execFileSync(process.execPath, ['--import', tsx, setUp, ...options], { stdio: 'pipe' });

  it('does nothing the second time', () => {
    command();

    const { stderr } = spawnSync(process.execPath, ['--import', tsx, setUp]);

    expect(stderr.toString()).toBe('TensorFlow is ready.\n'); // it fetched, unpacked and linked nothing
    expect(() => command('--check')).not.toThrow();
  });

  it('reports with --check that TensorFlow is missing, and does not set it up', () => {
    process.env.UNDERSTUDY_CACHE = join(folder, 'empty');

    expect(() => command('--check')).toThrow(/not set up; run: npm run setup/);
    expect(existsSync(join(folder, 'empty'))).toBe(false);
  });

  it('refuses an unknown option', () => {
    expect(() => command('--chekc')).toThrow(/chekc/);
  });
});

describe('ensureTensorflow', () => {
  it('links a fresh clone to the cache, even over a stock installation', async () => {
    const clone = { ...ownSetting(), tfjsNode: join(folder, 'tfjs-node') };
    mkdirSync(librariesIn(clone.tfjsNode), { recursive: true });
    writeFileSync(join(librariesIn(clone.tfjsNode), 'libtensorflow.so.2.9.1'), '');

    expect(await isTensorflowReady(clone)).toBe(false);
    expect(await ensureTensorflow(silent, clone)).toBe('linked');
    expect(await ensureTensorflow(silent, clone)).toBe('ready');
    expect(lstatSync(librariesIn(clone.tfjsNode)).isSymbolicLink()).toBe(true);
  });

  it('does not mistake an incomplete cache for a complete one', async () => {
    const real = realpathSync(join(addonIn(tfjsNodeFolder()), '..', '..', '..'));
    const setting = { ...ownSetting(), cache: join(folder, 'cache') };
    const cached = join(setting.cache, 'tensorflow', real.split('/').at(-1) ?? '');
    mkdirSync(join(addonIn(cached), '..'), { recursive: true });
    writeFileSync(addonIn(cached), 'cut short');
    process.env.PATH = '';

    // Without a stamp, and with a stamp of another size, it has to build, which needs pip.
    await expect(ensureTensorflow(silent, setting)).rejects.toThrow(/Python 3 with pip is needed/);
    writeFileSync(join(cached, 'complete.json'), JSON.stringify({ [addonIn('.')]: 98_768 }));
    await expect(ensureTensorflow(silent, setting)).rejects.toThrow(/Python 3 with pip is needed/);
    expect(readdirSync(join(setting.cache, 'tensorflow'))).toHaveLength(1);
  });

  it('names the supported platforms on an unsupported one', async () => {
    const machine: Machine = { platform: 'linux', arch: 'x64', glibc: false };

    await expect(ensureTensorflow(silent, { ...ownSetting(), machine })).rejects.toThrow(
      /cannot be set up here: .*musl.*; use Linux/,
    );
  });
});

describe('routeFor', () => {
  it.each<[NodeJS.Platform, string, string]>([
    ['linux', 'x64', 'tensorflow-cpu'],
    ['linux', 'arm64', 'tensorflow'],
    ['darwin', 'arm64', 'tensorflow'],
    ['darwin', 'x64', 'stock'],
    ['win32', 'x64', 'stock'],
    ['win32', 'arm64', 'none'],
    ['linux', 'riscv64', 'none'],
    ['freebsd', 'x64', 'none'],
  ])('gives %s on %s: %s', (platform, arch, expected) => {
    const route = routeFor({ platform, arch, glibc: true });

    expect(route.kind === 'wheel' ? route.tensorflow.wheel.package : route.kind).toBe(expected);
  });
});

describe('the TensorFlow for GPUs', () => {
  const gpu = (platform: NodeJS.Platform, arch: string) =>
    routeFor({ platform, arch, glibc: true, device: 'gpu' });

  it('is another wheel, with the libraries of CUDA beside it', () => {
    const route = gpu('linux', 'x64');

    expect(route).toMatchObject({ tensorflow: { wheel: { package: 'tensorflow' } } });
    const { cudaWheels } = route.kind === 'wheel' ? route.tensorflow : { cudaWheels: [] };
    const files = cudaWheels.flatMap((each) => each.files);
    expect(files).toContain('nvidia/cudnn/lib/libcudnn.so.9');
    expect(files.filter((file) => !file.startsWith('nvidia/'))).toEqual([]);
    for (const { wheel } of cudaWheels) expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(cudaWheels.map(({ wheel }) => wheel.sha256)).size).toBe(12); // as many as the extra names
  });

  it.each<[NodeJS.Platform, string]>([
    ['linux', 'arm64'],
    ['darwin', 'arm64'],
    ['win32', 'x64'],
  ])('is not available on %s and %s', (platform, arch) => {
    expect(gpu(platform, arch)).toMatchObject({
      kind: 'none',
      why: expect.stringMatching('Linux x64 only'),
    });
  });

  it('is cached separately', async () => {
    const setting = { ...ownSetting(), cache: join(folder, 'cache') };
    process.env.PATH = '';
    const both = [setting, { ...setting, machine: { ...setting.machine, device: 'gpu' as const } }];

    for (const each of both) await expect(ensureTensorflow(silent, each)).rejects.toThrow(/pip/);
    expect(await isTensorflowReady()).toBe(true);
    expect(await isTensorflowReady({ ...ownSetting(), machine: both[1]?.machine as Machine })).toBe(
      false,
    );
  });
});

describe('the device set in the environment', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['cpu', 'cpu'],
    ['gpu', 'gpu'],
  ])('%j is %s', (named, device) => {
    expect(deviceOf({ UNDERSTUDY_DEVICE: named })).toBe(device);
  });

  it('is not guessed', () => {
    expect(() => deviceOf({ UNDERSTUDY_DEVICE: 'GPU' })).toThrow(/is "GPU"; set it to cpu or gpu/);
  });
});

describe('fetchWheel', () => {
  it('says how to install pip where it is missing', async () => {
    process.env.PATH = '';

    await expect(fetchWheel(wheel, folder, silent)).rejects.toThrow(/install it .*apt-get install/);
  });

  it.each([
    [
      'the network',
      'WARNING: Retrying after connection broken by NewConnectionError',
      /could not reach its package registry/,
    ],
    ['the disk', 'OSError: [Errno 28] No space left on device', /disk is full; free some space/],
    [
      'the registry',
      'ERROR: No matching distribution found for it',
      /does not have tensorflow-cpu 2.21.0/,
    ],
    ['something else', 'ERROR: the cat sat on the keyboard', /Its output:\nERROR: the cat/],
  ])('blames %s', async (_, says, sentence) => {
    onlyProgram('pip3', `[ "$1" = --version ] && exit 0; echo '${says}' >&2; exit 1`);

    await expect(fetchWheel(wheel, folder, silent)).rejects.toThrow(sentence);
  });

  it('refuses a wheel other than the pinned one', async () => {
    onlyProgram('pip3', `[ "$1" = --version ] || echo other > '${join(folder, 'a.whl')}'`);

    await expect(fetchWheel(wheel, folder, silent)).rejects.toThrow(
      /not the pinned file: its sha256 is [0-9a-f]{64} instead of 0{64}; it was not used/,
    );
  });
});

describe('compileAddon', () => {
  const route = routeFor({ platform: 'linux', arch: 'x64', glibc: true });
  if (route.kind !== 'wheel') throw new Error('linux on x64 has a wheel');
  const { tensorflow } = route;

  it('says how to install a compiler where it is missing', async () => {
    process.env.PATH = '';
    delete process.env.CXX;

    await expect(compileAddon(folder, tensorflow)).rejects.toThrow(/C\+\+ compiler is needed.*CXX/);
  });

  it('shows the end of the compiler’s output', async () => {
    await expect(compileAddon(folder, tensorflow)).rejects.toThrow(
      /Compiling .* failed.*Its output:\n[\s\S]*tensorflow\/c\/c_api.h/, // there are no headers in this folder
    );
  });
});

describe('checkAddon', () => {
  it('passes the smoke test', async () => {
    expect(await checkAddon(addonIn(tfjsNodeFolder()))).toBe('2.21.0');
  });

  it('reports an addon that does not load', async () => {
    writeFileSync(join(folder, 'tfjs_binding.node'), 'no library');

    await expect(checkAddon(join(folder, 'tfjs_binding.node'))).rejects.toThrow(
      /built but does not work on this machine/,
    );
  });
});

describe('makeAtOnce', () => {
  const isComplete = async (path: string) => existsSync(join(path, 'done'));
  const finish = async (path: string) => writeFileSync(join(path, 'done'), '');

  it('leaves nothing behind when the work fails', async () => {
    const fail = async () => {
      throw new Error('no luck');
    };

    await expect(makeAtOnce(join(folder, 'made'), isComplete, fail)).rejects.toThrow('no luck');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets several processes do the same work at once', async () => {
    const made = join(folder, 'made');

    await Promise.all([1, 2, 3].map(() => makeAtOnce(made, isComplete, finish)));

    expect(readdirSync(folder)).toEqual(['made']);
  });

  it('replaces an incomplete folder by a complete one', async () => {
    const made = join(folder, 'made');
    mkdirSync(made);
    writeFileSync(join(made, 'half'), '');

    await makeAtOnce(made, isComplete, finish);

    expect(readdirSync(made)).toEqual(['done']);
  });

  it('removes what a killed process left behind, but not what a running one is writing', async () => {
    const here = hostname();
    const dead = execFileSync('/bin/sh', ['-c', 'echo $$']).toString().trim();
    const names = {
      killed: `unfinished-${here}-${dead}-aaaaaa`,
      running: `unfinished-${here}-${process.pid}-bbbbbb`,
      elsewhere: 'unfinished-another-host-1-cccccc',
      longAgo: 'unfinished-another-host-1-dddddd',
    };
    for (const name of Object.values(names)) mkdirSync(join(folder, name));
    utimesSync(join(folder, names.longAgo), 0, 0);

    await makeAtOnce(join(folder, 'made'), isComplete, finish);

    expect(readdirSync(folder).sort()).toEqual(['made', names.elsewhere, names.running].sort());
  });
});

describe('cacheFolder', () => {
  it.each([
    [{ UNDERSTUDY_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
    [{ XDG_CACHE_HOME: '/b' }, '/b/understudy'],
    [{ UNDERSTUDY_CACHE: '', XDG_CACHE_HOME: '' }, /\.cache\/understudy$/],
  ])('for %j is %s', (variables, expected) => {
    expect(cacheFolder(variables)).toMatch(expected);
  });
});
