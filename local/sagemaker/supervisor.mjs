// Runs between the local SageMaker and a trainer, so that the trainer never outlives it: however that process ends,
// SIGKILL included, the channel to it closes, and this process kills its whole process group, itself included.
// Plain JavaScript, so that it starts without a loader.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const endAll = () => process.kill(-process.pid, 'SIGKILL'); // this process leads its group

process.on('disconnect', endAll);
process.on('uncaughtException', endAll); // whatever fails here, the trainer must not be left behind
if (!process.connected) endAll();
// A shutdown of the machine signals every process; the trainer handles it by itself, and this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

let trainer;
process.on('message', (message) => {
  if (message.start) start(message.start);
  else if (message.terminate) trainer?.kill('SIGTERM');
});

function start({ command, args, cwd, env }) {
  try {
    // One pipe for both streams, so that the lines keep their order.
    trainer = spawn(command, args, { cwd, env, stdio: ['ignore', 1, 1] });
  } catch (error) {
    report({ failed: error.message }); // an invalid argument or environment variable
    return;
  }
  trainer.on('spawn', () => process.send({ started: trainer.pid }, (error) => error && endAll()));
  trainer.on('error', (error) => report({ failed: error.message }));
  trainer.on(
    'exit',
    (code, signal) => report({ exitCode: code ?? 128 + constants.signals[signal] }), // as a shell and Docker count signals
  );
}

/** Reports the end and exits, which also ends whatever the trainer left running. */
function report(end) {
  process.send({ ended: end }, endAll);
}
