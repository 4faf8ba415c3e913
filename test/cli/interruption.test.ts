import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { outcomeOf, startUnderstudy, understudy } from '#test/end-to-end/commands.ts';
import { digitFolders } from '#test/end-to-end/mnist.ts';
import { faultsOf, leftOn, processesOn, startInTerminal as start, startWith } from './interrupt.ts';

let folder: string;
let digits: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-interrupted-'));
  digits = join(folder, 'digits');
  await digitFolders(digits, 120);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function startInTerminal(state: string, ...words: string[]) {
  const command = start(state, ...words);
  onTestFinished(() => void command.child.kill('SIGKILL')); // its pipeline then stops too
  return command;
}

async function until(condition: () => boolean, seconds = 60): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > seconds * 1000) throw new Error('it has not happened');
    await pause(20);
  }
}

const hasPipeline = (state: string) =>
  processesOn(state).some((each) => /cli\/pipeline\.mjs/.test(each));

describe('a signal', () => {
  it.each([
    ['SIGINT', 'after 60 ms', 60],
    ['SIGTERM', 'after 200 ms', 200],
    ['SIGINT', 'after 500 ms', 500],
    ['SIGTERM', 'while the pipeline starts', 'pipeline'],
    ['SIGHUP', 'while the dataset is validated', 'Validate'],
    ['SIGINT', 'in mid-training', 'Verifying images'],
  ] as const)(
    '%s ends "train" %s, and leaves nothing behind',
    async (signal, _, moment) => {
      const state = await mkdtemp(join(folder, 'state-'));
      const command = startInTerminal(state, 'train', digits);
      if (typeof moment === 'number') await pause(moment);
      else if (moment === 'pipeline') await until(() => hasPipeline(state));
      else await until(() => command.stderr().includes(moment));

      command.child.kill(signal);
      const ended = await command.ended;

      expect(faultsOf(ended, signal)).toEqual([]);
      expect(await leftOn(state)).toEqual([]);
    },
    90_000,
  );

  it('is not lost while the program hands over to the bundle', async () => {
    const atHandOver =
      "const{off}=process;process.off=function(name,listener){if(name==='SIGINT')process.kill(process.pid,'SIGINT');return off.call(this,name,listener)}";
    const state = await mkdtemp(join(folder, 'state-'));
    const command = startWith(`--import=data:text/javascript,${encodeURI(atHandOver)}`, state, [
      'train',
      digits,
    ]);
    onTestFinished(() => void command.child.kill('SIGKILL'));

    expect(faultsOf(await command.ended, 'SIGINT')).toEqual([]);
    expect(await leftOn(state)).toEqual([]);
  }, 60_000);

  it('twice ends the command at once, and leaves nothing behind', async () => {
    const state = await mkdtemp(join(folder, 'state-'));
    const command = startInTerminal(state, 'train', digits);
    await until(() => command.stderr().includes('Train'));

    command.child.kill('SIGINT');
    await pause(600);
    command.child.kill('SIGINT');
    const ended = await command.ended;

    expect(faultsOf(ended, 'SIGINT')).toEqual([]);
    expect(await leftOn(state)).toEqual([]);
  }, 90_000);

  it('SIGKILL of the command stops its pipeline too, however early', async () => {
    const state = await mkdtemp(join(folder, 'state-'));
    const command = startInTerminal(state, 'train', digits);
    await until(() => hasPipeline(state));

    command.child.kill('SIGKILL');
    await command.ended;

    expect(await leftOn(state, 20)).toEqual([]);
  }, 90_000);
});

describe('understudy down', () => {
  it('stops a running command, whose job is then shown as paused', async () => {
    const state = await mkdtemp(join(folder, 'state-'));
    const command = startInTerminal(state, 'train', digits);
    await until(() => /Validate: \d+ classes/.test(command.stderr())); // a terminal lists later steps from the start

    const down = await understudy(state, 'down');

    expect(down).toMatchObject({ exit: 0 });
    expect(down.stdout).toMatch(/^Stopped "understudy train .*" \(pid \d+, since \d\d:\d\d\)\./);
    expect(faultsOf(await command.ended, 'SIGTERM')).toEqual([]);
    expect(await leftOn(state)).toEqual([]);
    const [shown, stored] = await Promise.all([
      understudy(state, 'status'),
      understudy(state, 'status', '--json'),
    ]);
    expect(shown.stdout).toMatch(/ digits +paused /);
    expect(JSON.parse(stored.stdout)[0].progress.state).not.toBe('paused');
  }, 90_000);

  it('says so when nothing runs', async () => {
    const state = join(folder, 'nothing');

    const { exit, stdout } = await understudy(state, 'down');

    expect([exit, stdout]).toEqual([0, `No pipeline is running in ${state}.\n`]);
  });
});

describe('a command that waits for the state folder', () => {
  it('says once who holds it', async () => {
    const state = await mkdtemp(join(folder, 'state-'));
    const holder = startUnderstudy(state, 'up', '--port', '0');
    const held = outcomeOf(holder);
    let output = '';
    holder.stdout?.on('data', (data) => {
      output += data;
    });
    await until(() => output.includes('is running at'));

    const second = await understudy(state, 'up', '--port', '0');
    holder.kill('SIGTERM');

    expect(second.exit).toBe(1);
    expect(second.stderr).toMatch(
      /^The state folder .* is in use by "understudy up --port 0" \(pid \d+, since \d\d:\d\d\)\. Stop it with "npx understudy down", then try again\.\n$/,
    );
    expect(await held).toMatchObject({ exit: 143 });
    expect(await leftOn(state)).toEqual([]);
  }, 90_000);
});
