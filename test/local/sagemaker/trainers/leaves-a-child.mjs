// Ends, and leaves a process behind that holds its stdout open.
import { spawn } from 'node:child_process';

const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
console.log(`left ${left.pid}`);
left.unref();
