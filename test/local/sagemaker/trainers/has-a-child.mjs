// Runs until it is killed, with a process of its own.
import { spawn } from 'node:child_process';

const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
console.log(`child ${child.pid}`);
console.log(`parent ${process.pid}`);
setInterval(() => {}, 1000);
