import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { digitFolders } from '#test/end-to-end/mnist.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { faultsOf, leftOn, startInTerminal } from './interrupt.ts';

// Part of `npm run torture`: `understudy train` is stopped by a signal at sixty random moments, half of them in its
// first two seconds. Each time it must end with its sentence, and leave no process behind.
const MOMENTS = 60;
const EARLY_MS = 2_000;
const LATE_MS = 20_000;
const seed = Number(process.argv[2] ?? Date.now() % 1e6);
const random = seededRandom('signals', seed);
const folder = await mkdtemp(join(tmpdir(), 'understudy-torture-'));
const digits = join(folder, 'digits');
await digitFolders(digits, 120);
let [orphans, faults, published] = [0, 0, 0];
let state = '';
try {
  for (let moment = 0; moment < MOMENTS; moment++) {
    if (moment % 10 === 0) state = await mkdtemp(join(folder, 'state-')); // the others resume what was stopped
    const signal = random() < 0.5 ? 'SIGINT' : 'SIGTERM';
    const ms = Math.round(random() * (moment % 2 === 0 ? EARLY_MS : LATE_MS));
    const command = startInTerminal(state, 'train', digits);
    const ended = await Promise.race([command.ended, pause(ms)]);
    command.child.kill(signal);
    const outcome = await command.ended;
    if (ended?.exit === 0) published += 1; // it was faster than the signal
    const wrong = ended?.exit === 0 ? [] : faultsOf(outcome, signal);
    const left = await leftOn(state);
    orphans += left.length;
    faults += wrong.length;
    if (wrong.length + left.length === 0) continue;
    console.log(
      `${signal} after ${ms} ms: ${[...wrong, ...left].join('; ')}\n${outcome.stderr.slice(-500)}`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(
  `${MOMENTS} signals, seed ${seed}: ${orphans} orphans, ${faults} faults (${published} ended before their signal)`,
);
if (orphans + faults > 0) process.exitCode = 1;
