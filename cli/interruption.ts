import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** Something that a command has started, and that must not outlive it. */
export interface Started {
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Ends it at once, without waiting for anything. */
  kill(): void;
}

/** Ctrl-C, `kill`, and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `npx` passes on a Ctrl-C that this process has received from the terminal already; a person's second one comes later.
 */
const SAME_SIGNAL_MS = 500;

const NOTICE_AFTER_MS = 1_000;

const started = new Set<Started>(); // in the order in which they were started
let since: number | undefined; // of the first signal, by performance.now()
let sentence = 'Stopped.';

/**
 * Ends this process in good order after a signal: stops what was started, the latest first, and says in one sentence
 * what is left. A second signal ends everything at once.
 */
export function endOnSignals(): void {
  for (const signal of SIGNALS) process.on(signal, () => void end(signal));
}

/**
 * Registers something that must not outlive this process; to be called in the same turn in which it is started.
 *
 * @returns forgets it again, once it has ended by itself
 */
export function stopOnSignal(each: Started): () => void {
  started.add(each);
  return () => void started.delete(each);
}

/** Sets what to tell the user when a signal ends the command from now on. */
export function whenStopped(saying: string): void {
  sentence = saying;
}

/** Whether a signal is ending this process; whatever fails from then on is of no interest. */
export const isStopping = (): boolean => since !== undefined;

async function end(signal: (typeof SIGNALS)[number]): Promise<void> {
  const exit = 128 + constants.signals[signal]; // as shells report it
  const now = performance.now();
  if (since !== undefined) {
    if (now - since < SAME_SIGNAL_MS) return;
    for (const each of started) each.kill();
    leave(exit);
  }
  since = now;
  const noticed = new AbortController();
  void pause(NOTICE_AFTER_MS, undefined, { signal: noticed.signal }).then(
    () => say('Stopping … Ctrl-C again stops at once.'),
    () => undefined,
  );
  for (const each of [...started].reverse()) await each.stop().catch(() => undefined);
  noticed.abort();
  leave(exit);
}

function leave(exit: number): never {
  if (process.stderr.isTTY) say('\u001b[?25h', ''); // shows the cursor, whoever has hidden it
  say(sentence);
  process.exit(exit);
}

/** Not through process.stderr, which a list of steps may hold back, and which would fail once the terminal is closed. */
function say(text: string, lineEnd = '\n'): void {
  try {
    writeSync(process.stderr.fd, text + lineEnd);
  } catch {
    // nobody is left to read it
  }
}
