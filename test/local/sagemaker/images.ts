import { fileURLToPath } from 'node:url';

export const BUCKET = 'bucket';

const trainer = (name: string): string =>
  fileURLToPath(new URL(`trainers/${name}.mjs`, import.meta.url));

/** Each trainer of this folder under its own name. */
export const IMAGES = new Map(
  [
    'reports',
    'prints-metrics',
    'fails',
    'fails-with-reason',
    'ignores-sigterm',
    'leaves-a-child',
    'counts',
    'has-a-child',
    'leaves-a-model-and-stays',
    'changes-checkpoints',
    'fills-the-disk',
  ].map((name) => [name, { command: process.execPath, args: [trainer(name)] }]),
);
