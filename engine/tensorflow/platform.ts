import { type Companion, CUDA } from './cuda.ts';
import type { Wheel } from './fetch-wheel.ts';
import { SetupFailure } from './setup-failure.ts';

/** What TensorFlow is to compute on; one for GPUs computes on the processor where there is none. */
export type Device = 'cpu' | 'gpu';

/** The environment variable that says so, while an image is built and while it runs; nobody else needs it. */
export const DEVICE = 'UNDERSTUDY_DEVICE';

/** What the set-up needs to know of the machine; injected in tests. */
export type Machine = {
  platform: NodeJS.Platform;
  arch: string;
  glibc: boolean; // false on Alpine and other musl systems
  device?: Device; // the processor unless something else is asked for
};

/** A TensorFlow to build against, and how its libraries are linked there. */
export type NativeTensorflow = {
  wheel: Wheel;
  libraries: readonly string[]; // inside the wheel's folder tensorflow/
  linkerFlags: readonly string[];
  quietener: boolean; // whether before_tensorflow.cc is for it
  companions: readonly Companion[]; // what it needs for a GPU
  neededBytes: number; // free on the disk while it is set up
};

export const TENSORFLOW_VERSION = '2.21.0';

const forProcessor = {
  companions: [],
  neededBytes: 1_500_000_000, // measured at most: 0.55 GB for the wheel twice while pip moves it, later 1.13 GB
};

const linux = {
  libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  linkerFlags: ['-shared', '-fPIC', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
  quietener: true,
  ...forProcessor,
};

// The tag cp311 matters to pip alone: the libraries taken from the wheel know nothing of Python.
const wheel = { version: TENSORFLOW_VERSION, pythonVersion: '3.11' };

/** sha256 and size of each wheel as downloaded on the day this was written; only the first is built in our tests. */
const WHEELS: Record<string, NativeTensorflow> = {
  'linux-x64': {
    ...linux,
    wheel: {
      ...wheel,
      package: 'tensorflow-cpu',
      platform: 'manylinux_2_27_x86_64',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      bytes: 273_829_956,
    },
  },
  'linux-arm64': {
    ...linux,
    wheel: {
      ...wheel,
      package: 'tensorflow', // there is no tensorflow-cpu of 2.21.0 for arm64; this one has no CUDA either
      platform: 'manylinux_2_27_aarch64',
      sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
      bytes: 281_828_020,
    },
  },
  'darwin-arm64': {
    libraries: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
    linkerFlags: [
      '-bundle',
      '-undefined',
      'dynamic_lookup', // the napi_* functions are in the node that loads the addon
      '-Wl,-rpath,@loader_path/../../deps/lib',
    ],
    ...forProcessor,
    quietener: false, // without oneDNN the library has nothing to say while it loads
    wheel: {
      ...wheel,
      package: 'tensorflow',
      platform: 'macosx_12_0_arm64',
      sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
      bytes: 223_405_849,
    },
  },
};

/** The one for GPUs; on a machine without any it computes on the processor. */
const GPU_TENSORFLOW: NativeTensorflow = {
  ...linux,
  companions: CUDA,
  neededBytes: 5_000_000_000, // measured at most: 3.9 GB unpacked, and a wheel of 0.6 GB
  wheel: {
    ...wheel,
    package: 'tensorflow',
    platform: 'manylinux_2_27_x86_64',
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    bytes: 572_440_367,
  },
};

export type Route =
  | { kind: 'wheel'; tensorflow: NativeTensorflow }
  | { kind: 'stock' } // Windows, Intel macOS: no wheel with these libraries; tfjs-node's own TensorFlow 2.9 serves
  | { kind: 'none'; why: string };

/** Which TensorFlow a machine gets. */
export function routeFor({ platform, arch, glibc, device }: Machine): Route {
  const machine = `${platform}-${arch}`;
  if (platform === 'linux' && !glibc) {
    return { kind: 'none', why: 'TensorFlow is not built for musl systems such as Alpine' };
  }
  if (device === 'gpu') {
    if (machine === 'linux-x64') return { kind: 'wheel', tensorflow: GPU_TENSORFLOW };
    return { kind: 'none', why: `GPUs are used on Linux and x64 alone, not on ${machine}` };
  }
  const tensorflow = WHEELS[machine];
  if (tensorflow) return { kind: 'wheel', tensorflow };
  if ((platform === 'win32' || platform === 'darwin') && arch === 'x64') return { kind: 'stock' };
  return { kind: 'none', why: `there is no TensorFlow for ${platform} on ${arch}` };
}

/** @throws SetupFailure for a device that is none */
export function deviceOf(environment: NodeJS.ProcessEnv): Device | undefined {
  const named = environment[DEVICE];
  if (!named) return undefined;
  if (named === 'cpu' || named === 'gpu') return named;
  throw new SetupFailure(`${DEVICE} is "${named}"; name the device cpu or gpu.`);
}

export function thisMachine(): Machine {
  const report = process.platform === 'linux' ? process.report.getReport() : undefined;
  const header = (report as { header?: { glibcVersionRuntime?: string } } | undefined)?.header;
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: header?.glibcVersionRuntime !== undefined,
    device: deviceOf(process.env) ?? 'cpu',
  };
}
