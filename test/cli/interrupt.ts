import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const UNDERSTUDY = fileURLToPath(new URL('../../cli/understudy.mjs', import.meta.url));

/** Lets the command believe that it writes to a terminal. */
const AS_TERMINAL =
  '--import=data:text/javascript,process.stderr.isTTY=process.stdout.isTTY=true;process.stderr.columns=process.stdout.columns=80';

export interface Interrupted {
  exit: number | null;
  signal: NodeJS.Signals | null; // if it ended before it could listen
  stderr: string;
}

/** Starts a command on a state folder; `stderr()` is what it has printed so far. */
export function startInTerminal(state: string, ...words: string[]) {
  return startWith(AS_TERMINAL, state, words);
}

/** The same with other options of Node. */
export function startWith(options: string, state: string, words: readonly string[]) {
  const child = spawn(process.execPath, [UNDERSTUDY, ...words], {
    env: { ...process.env, UNDERSTUDY_STATE: state, NODE_OPTIONS: options },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const ended = new Promise<Interrupted>((resolve) => {
    child.on('exit', (exit, signal) => {
      // Not 'close': a process that is left behind would hold the pipe open.
      setTimeout(() => resolve({ exit, signal, stderr }), 100);
    });
  });
  return { child: child as ChildProcess, ended, stderr: () => stderr };
}

/** Every process that works on a state folder, which each of them has in its arguments or its environment. */
export function processesOn(state: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => ['cmdline', 'environ'].some((file) => read(pid, file).includes(state)))
    .map((pid) => `${pid} ${read(pid, 'cmdline').replaceAll('\0', ' ')}`);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

/** The processes on a state folder that are still there after some seconds. */
export async function leftOn(state: string, seconds = 5): Promise<string[]> {
  for (let waited = 0; waited < seconds * 1000; waited += 100) {
    if (processesOn(state).length === 0) return [];
    await pause(100);
  }
  return processesOn(state);
}

/** What is wrong with the end of a command after a signal; nothing is what is wanted. */
export function faultsOf(
  { exit, signal, stderr }: Interrupted,
  sent: 'SIGHUP' | 'SIGINT' | 'SIGTERM',
): string[] {
  const faults: string[] = [];
  if (signal === sent && stderr === '') return faults; // before Node had loaded anything at all
  const expected = 128 + constants.signals[sent];
  if (exit !== expected) faults.push(`exit ${exit ?? signal} instead of ${expected}`);
  const last = stripVTControlCharacters(stderr).trimEnd().split('\n').at(-1) ?? '';
  if (!/^Stopped.*\.$/.test(last)) faults.push(`no sentence at the end, but "${last}"`);
  if (/^ {4}at |ERR_|Error:/m.test(stderr)) faults.push('a stack trace');
  if (stderr.lastIndexOf('\u001b[?25l') > stderr.lastIndexOf('\u001b[?25h'))
    faults.push('the cursor stays hidden');
  return faults;
}
