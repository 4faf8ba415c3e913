import { chmod, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, makeAtOnce } from './cache-folder.ts';
import { checkAddon } from './check-addon.ts';
import {
  addonIn,
  compileAddon,
  HEADERS,
  headersIn,
  librariesIn,
  logFilterIn,
  NAPI_VERSION,
  tfjsNodeFolder,
  tfjsNodeVersion,
} from './compile-addon.ts';
import { CUDA_VERSION, type CudaWheel } from './cuda.ts';
import { fetchWheel, megabytes, type Report, seconds } from './fetch-wheel.ts';
import { isLinked, linkAddon } from './link-addon.ts';
import { type Machine, type NativeTensorflow, routeFor, thisMachine } from './platform.ts';
import { diskFull, SetupFailure } from './setup-failure.ts';
import { installStock, stockIsInstalled } from './stock.ts';
import { unpackWheel } from './unpack-wheel.ts';

export type Setting = { cache: string; tfjsNode: string; machine: Machine };

export const ownSetting = (): Setting => ({
  cache: cacheFolder(),
  tfjsNode: tfjsNodeFolder(),
  machine: thisMachine(),
});

/** TensorFlow was ready before, was linked from the cache, was built, or stock tfjs-node was installed. */
export type SetupResult = 'ready' | 'linked' | 'built' | 'stock';

/**
 * Sets up TensorFlow for tfjs-node, unless it is set up already. Does not load it.
 *
 * @throws SetupFailure with a message for the terminal
 */
export async function ensureTensorflow(
  report: Report,
  setting: Setting = ownSetting(),
): Promise<SetupResult> {
  const route = routeFor(setting.machine);
  if (route.kind === 'none') {
    throw new SetupFailure(
      `TensorFlow cannot be set up here: ${route.why}; use Linux (x64 or arm64, glibc), macOS, or Windows on x64.`,
    );
  }
  if (await isTensorflowReady(setting)) return 'ready';
  if (route.kind === 'stock') {
    await installStock(setting.tfjsNode, report);
    return 'stock';
  }

  const cached = cachedFolder(setting);
  const isInCache = await isComplete(cached);
  if (!isInCache) await build(cached, route.tensorflow, report);
  await linkAddon(cached, setting.tfjsNode);
  return isInCache ? 'linked' : 'built';
}

/** Checks links and file sizes only, which takes milliseconds. */
export async function isTensorflowReady(setting: Setting = ownSetting()): Promise<boolean> {
  const route = routeFor(setting.machine);
  if (route.kind === 'stock') return stockIsInstalled(setting.tfjsNode);
  const cached = cachedFolder(setting);
  return (await isComplete(cached)) && (await isLinked(cached, setting.tfjsNode));
}

const BUILD_REVISION = 2; // to be raised when the build changes, so that older builds are not reused

/** The name of the folder says everything that the addon depends on. */
function cachedFolder({ cache, machine }: Setting): string {
  const route = routeFor(machine);
  const { package: name, version } =
    route.kind === 'wheel' ? route.tensorflow.wheel : { package: 'none', version: '0' };
  const parts = [
    `${name}-${version}`,
    ...(machine.device === 'gpu' ? [`cuda-${CUDA_VERSION}`] : []),
    `tfjs-node-${tfjsNodeVersion()}`,
    `napi${NAPI_VERSION}`,
    `${machine.platform}-${machine.arch}`,
    `recipe${BUILD_REVISION}`,
  ];
  return join(cache, 'tensorflow', parts.join('_'));
}

const STAMP = 'complete.json'; // written last: the size of each required file

async function isComplete(folder: string): Promise<boolean> {
  try {
    const sizes = JSON.parse(await readFile(join(folder, STAMP), 'utf8')) as Record<string, number>;
    for (const [file, bytes] of Object.entries(sizes)) {
      if ((await stat(join(folder, file))).size !== bytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function build(folder: string, tensorflow: NativeTensorflow, report: Report): Promise<void> {
  const started = Date.now();
  report('setting up TensorFlow (once per machine and version)');
  await makeAtOnce(folder, isComplete, async (unfinished) => {
    await requireSpace(unfinished, tensorflow);
    const wheel = await fetchWheel(tensorflow.wheel, unfinished, report);
    await unpack(wheel, unfinished, tensorflow, report);
    for (const each of tensorflow.cudaWheels) await addCudaWheel(each, unfinished, report);
    await compile(unfinished, tensorflow, report);
    await check(unfinished, report);
    await stamp(unfinished, tensorflow);
  });
  report(`TensorFlow set up in ${seconds(started)} s, cached in ${folder}`);
}

async function requireSpace(folder: string, { neededBytes }: NativeTensorflow): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < neededBytes) {
    throw diskFull(
      `Setting up TensorFlow (${megabytes(neededBytes)} MB needed during set-up, ${megabytes(free)} MB free in ${folder})`,
    );
  }
}

async function unpack(
  wheel: string,
  folder: string,
  { libraries }: NativeTensorflow,
  report: Report,
): Promise<void> {
  const started = Date.now();
  const targets = new Map([
    ...libraries.map((file) => [`tensorflow/${file}`, join(librariesIn(folder), file)] as const),
    ...HEADERS.map(
      (file) => [`tensorflow/include/${file}`, join(headersIn(folder), file)] as const,
    ),
  ]);
  await unpackWheel(wheel, targets);
  await rm(wheel);
  report(`unpacked ${libraries.join(' and ')} in ${seconds(started)} s`);
}

/** TensorFlow's libraries look for `../nvidia`, relative to their own folder. */
const cudaPath = (file: string): string => join('deps', file);

async function addCudaWheel({ wheel, files }: CudaWheel, folder: string, report: Report) {
  const fetched = await fetchWheel(wheel, folder, report);
  await unpackWheel(fetched, new Map(files.map((file) => [file, join(folder, cudaPath(file))])));
  await rm(fetched);
  for (const file of files) if (isProgram(file)) await chmod(join(folder, cudaPath(file)), 0o755);
}

const isProgram = (file: string): boolean => file.includes('/bin/');

async function compile(folder: string, tensorflow: NativeTensorflow, report: Report) {
  const started = Date.now();
  await compileAddon(folder, tensorflow);
  report(`compiled the addon of tfjs-node ${tfjsNodeVersion()} in ${seconds(started)} s`);
}

async function check(folder: string, report: Report): Promise<void> {
  const started = Date.now();
  const version = await checkAddon(addonIn(folder));
  report(`passed the smoke test on TensorFlow ${version} in ${seconds(started)} s`);
}

async function stamp(
  folder: string,
  { libraries, logFilter, cudaWheels }: NativeTensorflow,
): Promise<void> {
  const files = [
    addonIn('.'),
    ...(logFilter ? [logFilterIn(dirname(addonIn('.')))] : []),
    ...libraries.map((file) => join(librariesIn('.'), file)),
    ...cudaWheels.flatMap(({ files }) => files.map(cudaPath)),
  ];
  const sizes: Record<string, number> = {};
  for (const file of files) sizes[file] = (await stat(join(folder, file))).size;
  await writeFile(join(folder, STAMP), JSON.stringify(sizes, null, 2));
}
