import type { Wheel } from './fetch-wheel.ts';

/** A wheel of NVIDIA's, and the files in it that TensorFlow's libraries load from a folder `nvidia` beside their own. */
export type CudaWheel = { wheel: Wheel; files: readonly string[] };

export const CUDA_VERSION = '12.5';

/**
 * The wheels of TensorFlow 2.21.0's extra `and-cuda`, each in the lowest version allowed. TensorFlow was built with these,
 * and later ones may need a newer driver than the host has. Only the files that are loaded on a GPU are unpacked.
 */
export const CUDA: readonly CudaWheel[] = [
  cudaWheel(
    'nvidia-cublas-cu12',
    '12.5.3.2',
    'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b',
    363_313_169,
    ['cublas/lib/libcublas.so.12', 'cublas/lib/libcublasLt.so.12'],
  ),
  cudaWheel(
    'nvidia-cuda-cupti-cu12',
    '12.5.82',
    'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953',
    13_811_507,
    ['cuda_cupti/lib/libcupti.so.12'],
  ),
  cudaWheel(
    'nvidia-cuda-nvcc-cu12',
    '12.5.82',
    'b03e545b8e8c3ce7ebcd7fc44063180ff52ff01d064ece2127ed90a04ef12cd0',
    22_468_537,
    ['cuda_nvcc/bin/ptxas', 'cuda_nvcc/nvvm/libdevice/libdevice.10.bc'],
  ),
  cudaWheel(
    'nvidia-cuda-nvrtc-cu12',
    '12.5.82',
    '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd',
    24_873_108,
    ['cuda_nvrtc/lib/libnvrtc.so.12', 'cuda_nvrtc/lib/libnvrtc-builtins.so.12.5'],
  ),
  cudaWheel(
    'nvidia-cuda-runtime-cu12',
    '12.5.82',
    '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115',
    895_707,
    ['cuda_runtime/lib/libcudart.so.12'],
  ),
  cudaWheel(
    'nvidia-cudnn-cu12',
    '9.3.0.75',
    '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d',
    577_163_502,
    [
      'cudnn/lib/libcudnn.so.9',
      'cudnn/lib/libcudnn_adv.so.9',
      'cudnn/lib/libcudnn_cnn.so.9',
      'cudnn/lib/libcudnn_engines_precompiled.so.9',
      'cudnn/lib/libcudnn_engines_runtime_compiled.so.9',
      'cudnn/lib/libcudnn_graph.so.9',
      'cudnn/lib/libcudnn_heuristic.so.9',
      'cudnn/lib/libcudnn_ops.so.9',
    ],
  ),
  cudaWheel(
    'nvidia-cufft-cu12',
    '11.2.3.61',
    '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8',
    192_524_114,
    ['cufft/lib/libcufft.so.11'],
  ),
  cudaWheel(
    'nvidia-curand-cu12',
    '10.3.6.82',
    '2823fb27de4e44dbb22394a6adf53aa6e1b013aca0f8c22867d1cfae58405536',
    56_309_107,
    ['curand/lib/libcurand.so.10'],
  ),
  cudaWheel(
    'nvidia-cusolver-cu12',
    '11.6.3.83',
    '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b',
    130_341_232,
    ['cusolver/lib/libcusolver.so.11'],
  ),
  cudaWheel(
    'nvidia-cusparse-cu12',
    '12.5.1.3',
    '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752',
    217_558_979,
    ['cusparse/lib/libcusparse.so.12'],
  ),
  cudaWheel(
    'nvidia-nccl-cu12',
    '2.27.7',
    'de5ba5562f08029a19cb1cd659404b18411ed0d6c90ac5f52f30bf99ad5809aa',
    322_546_339,
    ['nccl/lib/libnccl.so.2'],
  ),
  cudaWheel(
    'nvidia-nvjitlink-cu12',
    '12.5.82',
    'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212',
    21_298_879,
    ['nvjitlink/lib/libnvJitLink.so.12'],
  ),
];

function cudaWheel(
  name: string,
  version: string,
  sha256: string,
  bytes: number,
  files: readonly string[],
): CudaWheel {
  const platform = 'manylinux2014_x86_64';
  const wheel = { package: name, version, sha256, bytes, pythonVersion: '3.11', platform };
  return { wheel, files: files.map((file) => `nvidia/${file}`) };
}
