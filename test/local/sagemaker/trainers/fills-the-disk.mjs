// Writes until the disk is full, and says so as the trainer of this project does.
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.ML_FOLDER;
try {
  for (;;) appendFileSync(join(root, 'scratch'), Buffer.alloc(1_000_000));
} catch {
  rmSync(join(root, 'scratch'));
  writeFileSync(
    join(root, 'output', 'failure'),
    'DISK_FULL: The disk is full: /opt/ml has 0 MB free, and 30 MB are needed.',
  );
  process.exitCode = 1;
}
