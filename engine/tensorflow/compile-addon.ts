import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeTensorflow } from './platform.ts';
import { lastLines, run } from './run-command.ts';
import { diskFull, SetupFailure } from './setup-failure.ts';

const require = createRequire(import.meta.url);

export const NAPI_VERSION = 8; // the highest that tfjs-node 4.22.0 supports; every Node since 15.12 has it

export const tfjsNodeFolder = (): string =>
  dirname(require.resolve('@tensorflow/tfjs-node/package.json'));

export const tfjsNodeVersion = (): string =>
  (require('@tensorflow/tfjs-node/package.json') as { version: string }).version;

/** Paths inside tfjs-node's folder, and inside a cached one: the addon looks for ../../deps/lib. */
export const addonIn = (folder: string): string =>
  join(folder, 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node');
export const librariesIn = (folder: string): string => join(folder, 'deps', 'lib');
export const headersIn = (folder: string): string => join(folder, 'deps', 'include');

/** The addon built from log_filter.cc; existing caches know it by this name, so a new one needs a new RECIPE. */
export const logFilterIn = (addonFolder: string): string =>
  join(addonFolder, 'before_tensorflow.node');

/** The headers that tfjs-node's two sources include, directly or not; `g++ -M` lists them. */
export const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
];

/**
 * Compiles tfjs-node's unmodified addon against the libraries and headers in `folder`, and the log filter beside it.
 *
 * One compiler call each, without gyp or make, so Node's headers need not be downloaded.
 *
 * @throws SetupFailure if there is no compiler, or if it fails
 */
export async function compileAddon(folder: string, tensorflow: NativeTensorflow): Promise<void> {
  const compiler = await findCompiler();
  const addon = addonIn(folder);
  await mkdir(dirname(addon), { recursive: true });

  const options = [
    '-O2',
    '-std=c++17',
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    `-I${dirname(require.resolve('node-api-headers/include/node_api.h'))}`,
    `-I${headersIn(folder)}`,
    ...tensorflow.linkerFlags,
  ];
  const libraries = tensorflow.libraries.map((library) => join(librariesIn(folder), library));
  const binding = join(tfjsNodeFolder(), 'binding');
  const sources = [join(binding, 'tfjs_backend.cc'), join(binding, 'tfjs_binding.cc')];
  await compile(compiler, [...options, ...sources, ...libraries, '-o', addon]);

  if (tensorflow.logFilter) {
    const source = fileURLToPath(new URL('./log_filter.cc', import.meta.url));
    await compile(compiler, [...options, source, '-ldl', '-o', logFilterIn(dirname(addon))]);
  }
}

async function compile([command, ...first]: Compiler, options: readonly string[]): Promise<void> {
  const compiled = await run(command, [...first, ...options]);
  if (compiled.ok) return;
  if (/No space left on device/i.test(compiled.output)) throw diskFull('Compiling the addon');
  throw new SetupFailure(
    `Compiling the TensorFlow addon with ${[command, ...first].join(' ')} failed; a C++17 compiler is needed. Its output:\n${lastLines(compiled.output, 12)}`,
  );
}

type Compiler = [string, ...string[]];

async function findCompiler(): Promise<Compiler> {
  const fromEnvironment = process.env.CXX?.split(/\s+/).filter(Boolean) ?? []; // such as `ccache g++`
  for (const [command, ...first] of [fromEnvironment, ['g++'], ['c++'], ['clang++']]) {
    if (command && (await run(command, [...first, '--version'])).ok) return [command, ...first];
  }
  throw new SetupFailure(
    'A C++ compiler is needed to build the TensorFlow addon, and neither g++, c++ nor clang++ was found on the PATH; install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install), or set CXX, and run it again.',
  );
}
