// Finds, adds, replaces and deletes checkpoints, and leaves unfinished ones.
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = `${process.env.ML_FOLDER}/checkpoints`;
const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
const found = entries
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1));
console.log(`found ${JSON.stringify(found.sort())}`);

mkdirSync(`${folder}/new`);
mkdirSync(`${folder}/half.tmp`);
write('new/b', 'first');
writeFileSync(`${folder}/unfinished.tmp`, 'no');
writeFileSync(`${folder}/.hidden`, 'no');
writeFileSync(`${folder}/half.tmp/c`, 'no');
symlinkSync('/etc/passwd', `${folder}/link`);
console.log('written');
await sleep(500);
write('new/b', 'second');
write('last', '');
rmSync(`${folder}/old`, { recursive: true });

function write(name, text) {
  writeFileSync(`${folder}/${name}.tmp`, text);
  renameSync(`${folder}/${name}.tmp`, `${folder}/${name}`);
}
