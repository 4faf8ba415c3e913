/** The packages that the training image installs, of all that the project has: what its sources import. */
export const PACKAGES = [
  '@aws-sdk/crc64-nvme',
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-node',
  'node-api-headers',
  'p-limit',
  'piscina',
  'sharp',
  'tsx',
  'yauzl',
  'zod',
];
