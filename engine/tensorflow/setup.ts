import { parseArgs } from 'node:util';
import { ensureTensorflow, isTensorflowReady, type SetupResult } from './ensure-tensorflow.ts';
import { SetupFailure } from './setup-failure.ts';

// The command `npm run setup`: progress on stderr, a summary at the end, exit code 1 on failure.
// `--check` changes nothing: it reports whether TensorFlow is ready, and exits with 1 if it is not.

const SUMMARY: Record<SetupResult, string> = {
  ready: 'TensorFlow is ready.',
  linked: 'TensorFlow is ready (linked from the cache).',
  built: 'TensorFlow is ready (built, tested and cached).',
  stock: 'TensorFlow is ready (stock tfjs-node).',
};

const print = (line: string) => process.stderr.write(`${line}\n`);

try {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  if (!values.check) {
    print(SUMMARY[await ensureTensorflow(print)]);
  } else if (await isTensorflowReady()) {
    print(SUMMARY.ready);
  } else {
    print('TensorFlow is not set up; run: npm run setup');
    process.exitCode = 1;
  }
} catch (error) {
  const isUsage = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  if (!(error instanceof SetupFailure) && !isUsage) throw error;
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = isUsage ? 2 : 1;
}
