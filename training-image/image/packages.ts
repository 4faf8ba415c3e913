/** The project's dependencies that the training image installs: those that its sources import. */
export const PACKAGES = [
  '@aws-sdk/crc64-nvme',
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-node',
  'node-api-headers',
  'p-limit',
  'piscina',
  'sharp',
  'tsx',
  'vega',
  'vega-lite',
  'yauzl',
  'zod',
];
