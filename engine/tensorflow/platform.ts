import { CUDA, type CudaWheel } from './cuda.ts';
import type { Wheel } from './fetch-wheel.ts';
import { SetupFailure } from './setup-failure.ts';

/** The device that TensorFlow is built for; the build for GPUs falls back to the CPU. */
export type Device = 'cpu' | 'gpu';

/** The environment variable that selects the device; set only in images, while they are built and while they run. */
export const DEVICE = 'UNDERSTUDY_DEVICE';

/** What the set-up has to know about the machine; injected in tests. */
export type Machine = {
  platform: NodeJS.Platform;
  arch: string;
  glibc: boolean; // false on Alpine and other musl systems
  device?: Device; // cpu if left out
};

/** A TensorFlow to build against, and how to link it. */
export type NativeTensorflow = {
  wheel: Wheel;
  libraries: readonly string[]; // in the wheel's folder tensorflow/
  linkerFlags: readonly string[];
  logFilter: boolean; // whether it needs log_filter.cc
  cudaWheels: readonly CudaWheel[]; // needed on a GPU
  neededBytes: number; // free disk space during set-up
};

export const TENSORFLOW_VERSION = '2.21.0';

const forCpu = {
  cudaWheels: [],
  neededBytes: 1_500_000_000, // measured maximum: 0.55 GB for two copies of the wheel while pip moves it, later 1.13 GB
};

const linux = {
  libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  linkerFlags: ['-shared', '-fPIC', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
  logFilter: true,
  ...forCpu,
};

// The tag cp311 matters only to pip: the libraries in the wheel do not depend on Python.
const wheel = { version: TENSORFLOW_VERSION, pythonVersion: '3.11' };

/** With the sha256 and the size of each wheel as published; the tests build only the first. */
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
      package: 'tensorflow', // there is no tensorflow-cpu 2.21.0 for arm64; this wheel has no CUDA either
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
      'dynamic_lookup', // the node that loads the addon has the napi_* functions
      '-Wl,-rpath,@loader_path/../../deps/lib',
    ],
    ...forCpu,
    logFilter: false, // without oneDNN the library logs nothing while it loads
    wheel: {
      ...wheel,
      package: 'tensorflow',
      platform: 'macosx_12_0_arm64',
      sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
      bytes: 223_405_849,
    },
  },
};

/** Falls back to the CPU on machines without a GPU. */
const GPU_TENSORFLOW: NativeTensorflow = {
  ...linux,
  cudaWheels: CUDA,
  neededBytes: 5_000_000_000, // measured maximum: 3.9 GB unpacked, and a wheel of 0.6 GB
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
  | { kind: 'stock' } // Windows, Intel macOS: no wheel has these libraries, so tfjs-node's own TensorFlow 2.9 is used
  | { kind: 'none'; why: string };

/** The TensorFlow for a machine. */
export function routeFor({ platform, arch, glibc, device }: Machine): Route {
  const machine = `${platform}-${arch}`;
  if (platform === 'linux' && !glibc) {
    return { kind: 'none', why: 'TensorFlow is not built for musl systems such as Alpine' };
  }
  if (device === 'gpu') {
    if (machine === 'linux-x64') return { kind: 'wheel', tensorflow: GPU_TENSORFLOW };
    return { kind: 'none', why: `GPUs are supported on Linux x64 only, not on ${machine}` };
  }
  const tensorflow = WHEELS[machine];
  if (tensorflow) return { kind: 'wheel', tensorflow };
  if ((platform === 'win32' || platform === 'darwin') && arch === 'x64') return { kind: 'stock' };
  return { kind: 'none', why: `there is no TensorFlow for ${platform} on ${arch}` };
}

/** @throws SetupFailure for an unknown device */
export function deviceOf(environment: NodeJS.ProcessEnv): Device | undefined {
  const named = environment[DEVICE];
  if (!named) return undefined;
  if (named === 'cpu' || named === 'gpu') return named;
  throw new SetupFailure(`${DEVICE} is "${named}"; set it to cpu or gpu.`);
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
