// Stands between the local SageMaker and a trainer, so that a trainer never outlives it: whatever ends that process,
// a kill -9 too, closes the channel to here, and this kills its whole process group, itself included.
// Plain JavaScript, because every training starts it: it needs no loader.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const endAll = () => process.kill(-process.pid, 'SIGKILL'); // this process leads its group

process.on('disconnect', endAll);
process.on('uncaughtException', endAll); // whatever goes wrong here, the trainer must not be left alone
if (!process.connected) endAll();
// A shutdown of the machine signals everybody; the trainer decides for itself, and this stays with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

let trainer;
process.on('message', (message) => {
  if (message.start) start(message.start);
  else if (message.terminate) trainer?.kill('SIGTERM');
});

function start({ command, args, cwd, env }) {
  try {
    // One pipe for both, so that the lines stay in the order in which they were written.
    trainer = spawn(command, args, { cwd, env, stdio: ['ignore', 1, 1] });
  } catch (error) {
    report({ failed: error.message }); // an argument or a value that no program can be given
    return;
  }
  trainer.on('spawn', () => process.send({ started: trainer.pid }, (error) => error && endAll()));
  trainer.on('error', (error) => report({ failed: error.message }));
  trainer.on(
    'exit',
    (code, signal) => report({ exitCode: code ?? 128 + constants.signals[signal] }), // as a shell and Docker count signals
  );
}

/** The last word: what the trainer may have left running goes with this process. */
function report(end) {
  process.send({ ended: end }, endAll);
}
