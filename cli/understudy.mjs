#!/usr/bin/env node
// Plain JavaScript, so that it runs before anything is loaded: a signal ends the command from the first moment on.
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { importProgram } from './import-program.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
for (const signal of SIGNALS) process.once(signal, leave);

// Before anything is loaded that decides whether to use colours; the pipeline's process inherits it.
if (process.argv.includes('--no-color')) {
  process.env.NO_COLOR = '1';
  delete process.env.FORCE_COLOR; // Node would let it win
}
// The SDK warns on every start with Node 20, which this version of it supports.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { main } = await importProgram('cli/main.ts');
const done = main(process.argv); // it listens for itself from its first line on
// Only now: a signal that nobody listens for between two turns would be lost, if it came while the bundle was loading.
for (const signal of SIGNALS) process.off(signal, leave);
await done;

function leave(signal) {
  try {
    writeSync(process.stderr.fd, 'Stopped before anything was started.\n');
  } catch {
    // the terminal is gone
  }
  process.exit(128 + constants.signals[signal]);
}
