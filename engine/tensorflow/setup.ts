import { parseArgs } from 'node:util';
import { type Arrival, ensureTensorflow, isTensorflowReady } from './ensure-tensorflow.ts';
import { SetupFailure } from './setup-failure.ts';

// The command `npm run setup`: talk on stderr, one line at the end, exit code 1 if it failed.
// `--check` changes nothing: it says whether TensorFlow is ready, and exits with 1 if it is not.

const SUMMARY: Record<Arrival, string> = {
  ready: 'TensorFlow is ready.',
  linked: 'TensorFlow is ready (taken from the cache).',
  built: 'TensorFlow is ready (built, checked and kept in the cache).',
  stock: 'TensorFlow is ready (the one of stock tfjs-node).',
};

const say = (line: string) => process.stderr.write(`${line}\n`);

try {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  if (!values.check) {
    say(SUMMARY[await ensureTensorflow(say)]);
  } else if (await isTensorflowReady()) {
    say(SUMMARY.ready);
  } else {
    say('TensorFlow is not set up; run: npm run setup');
    process.exitCode = 1;
  }
} catch (error) {
  const isUsage = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  if (!(error instanceof SetupFailure) && !isUsage) throw error;
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = isUsage ? 2 : 1;
}
