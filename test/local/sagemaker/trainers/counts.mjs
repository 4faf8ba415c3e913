// Counts to the hyperparameter `to`, a step every 20 ms, with a checkpoint after each; goes on where a checkpoint says.
// On SIGTERM it ends at once with what it has: as a model too, so that a stopped training shows its work.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const root = process.env.ML_FOLDER;
const { to } = JSON.parse(readFileSync(`${root}/input/config/hyperparameters.json`, 'utf8'));
const checkpoint = `${root}/checkpoints/count.json`;
const state = read(checkpoint) ?? { step: 0, begins: [] };
state.begins.push(state.step);
console.log(`from ${state.step} ${process.pid}`);

process.on('SIGTERM', () => end());
const timer = setInterval(() => {
  state.step += 1;
  save();
  console.log(`step ${state.step}`);
  if (state.step >= Number(to)) end();
}, 20);

function save() {
  writeFileSync(`${checkpoint}.tmp`, JSON.stringify(state));
  renameSync(`${checkpoint}.tmp`, checkpoint);
}

function end() {
  clearInterval(timer);
  writeFileSync(`${root}/model/count.json`, JSON.stringify(state));
  process.exit(0);
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
